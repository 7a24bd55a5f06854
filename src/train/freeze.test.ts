import { expect, test } from "vitest";
import { residualBlock } from "../../test/support/residual-block.ts";
import { fromArrays } from "../data/dataset.ts";
import { node } from "../engine/node.ts";
import { type Builder, builder } from "../graph/builder.ts";
import { storedMatching } from "../graph/stored-matching.ts";
import { f32, full, numbers } from "../graph/tensor.ts";
import type { Graph, Model, Value } from "../graph/types.ts";
import type { Side } from "../groups/group-set.ts";
import { groupSets } from "../groups/groups.ts";
import { mlp } from "../models/mlp.ts";
import { rmda } from "../optim/rmda.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { groupLasso } from "../prox/group-lasso.ts";
import { freezeParameters } from "./freeze.ts";
import { initialize } from "./initialize.ts";
import type { TrainOptions } from "./options.ts";
import { train } from "./train.ts";

const engine = node({ threads: 1 });
const x = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(i * 1.7), Math.sin(i * 0.3)]);
const data = fromArrays(
  x,
  x.map(([a, b]) => (a > b ? 1 : 0)),
);
const values = ({ graph }: Model) => new Map([...graph.initializers].map(([v, t]) => [v.name, numbers(t)]));
const model = () => mlp({ sizes: [3, 8, 6, 2], seed: 1 });
async function finish(m: Model, more: Partial<TrainOptions>) {
  const run = train(m, data, {
    engine,
    optimizer: sgd(),
    schedule: constant({ lr: 0.1 }),
    epochs: 2,
    batchSize: 8,
    ...more,
  });
  for await (const _ of run);
  return run;
}

test("patterns: * within a part of a name, ** across parts, everything else as it is", () => {
  const g = builder();
  const w = ["a.b.weight", "a.bias", "ab", "c/d", "c/d/e"].map((name) => g.initializer(name, f32([1])));
  g.output(g.Sum(w), "y");
  const left = (...patterns: string[]) =>
    [...freezeParameters(g.build(), storedMatching(g.build(), patterns, "freeze")).initializers.keys()].map(
      (v) => v.name,
    );
  expect(left("a.*")).toEqual(["a.b.weight", "ab", "c/d", "c/d/e"]);
  expect(left("a**")).toEqual(["c/d", "c/d/e"]);
  expect(left("c/*", "ab")).toEqual(["a.b.weight", "a.bias", "c/d/e"]);
  expect(() => left("a?b")).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: freeze matches no parameter
      got     a?b
      wanted  names of parameters; * stands for a part of a name, ** for any characters
      fix     did you mean ab?]
  `);
});

test("what is frozen stays to the bit, in training and in initialize; the rest moves", async () => {
  const before = model();
  const run = await finish(before, {
    freeze: ["fc2.*"],
    optimizer: rmda(),
    penalty: groupLasso({ lambda: 10 }),
    lambdaWarmup: 0,
  });
  const [old, now] = [values(before), values(run.model)];
  for (const [name, w] of now) (name.startsWith("fc2") ? expect(w, name) : expect(w, name).not).toEqual(old.get(name));
  expect(run.history.at(-1)!.groupSparsity).toBe(1); // only the channels that fc3 reads can die
  expect(run.history.at(-1)!.elementSparsity).toBe(12 / (24 + 8 + 12 + 2));

  const drawn = values(initialize(before, 9, { freeze: ["fc2.*"] }));
  expect(drawn.get("fc2.weight")).toEqual(old.get("fc2.weight"));
  expect(drawn.get("fc1.weight")).toEqual(values(initialize(before, 9)).get("fc1.weight"));
});

test("no channel that something frozen makes or reads is in a group, unless a trainable norm alone can make it zero", () => {
  const { graph } = residualBlock({ seed: 2, side: 4, classes: 3 });
  const setsOf = (of: Graph, side: Side, ...freeze: string[]) =>
    groupSets(freezeParameters(of, storedMatching(of, freeze, "freeze")), "coupled", { side }).map(
      ({ name, count, members }) => `${name} ${count}: ${members.map((m) => m.param.name).join(" ")}`,
    );
  const sets = (side: Side, ...freeze: string[]) => setsOf(graph, side, ...freeze);
  const norms = (layer: string) => `${layer}.norm.weight ${layer}.norm.bias`;
  const inner = `inner.weight 4: inner.weight ${norms("inner")}`;
  const outer = `outer.weight ${norms("outer")}`;
  expect(sets("producer")).toEqual([`stem.weight 6: stem.weight ${norms("stem")} ${outer}`, inner]);
  expect(sets("producer", "stem.**")).toEqual([inner]);
  expect(sets("producer", "stem.norm.bias")).toEqual([`stem.weight 6: stem.weight stem.norm.weight ${outer}`, inner]); // it is zero
  const shifted = new Map([...graph.initializers].map(([v, t]) => [v, v.name === "stem.norm.bias" ? full([6], 1) : t]));
  expect(setsOf({ ...graph, initializers: shifted }, "producer", "stem.norm.bias")).toEqual([inner]);
  expect(sets("producer", "stem.weight")).toEqual([`stem.weight 6: ${norms("stem")} ${outer}`, inner]);
  expect(sets("producer", "stem.weight", "stem.norm.weight")).toEqual([inner]);
  expect(sets("consumer", "stem.**")).toEqual([
    "stem.weight 6: inner.weight dense.weight",
    "inner.weight 4: outer.weight",
  ]);
  expect(sets("consumer", "inner.weight")).toEqual(["inner.weight 4: outer.weight"]);
});

test("a frozen factor leaves zeros zero; a frozen summand does not, nor does a norm that is not all that reads", () => {
  const channels = (build: (g: Builder, x: Value, frozen: Value) => Value) => {
    const g = builder();
    const made = g.Conv(g.input("x", "float32", [1, 2, 3, 3]), g.initializer("made", full([4, 2, 1, 1], 1)), null);
    const h = build(g, made, g.constant(full([4, 1, 1], 2)));
    g.output(g.Conv(h, g.initializer("read", full([2, 4, 1, 1], 1)), null), "y");
    return groupSets(g.build(), "coupled", { side: "producer" }).map((s) => s.count);
  };
  const norm = (g: Builder, x: Value) => {
    const [scale, shift, mean, variance] = ["scale", "shift", "mean", "var"].map((n) => g.initializer(n, full([4], 1)));
    return g.BatchNormalization(x, scale, shift, mean, variance);
  };
  expect(channels((g, x, frozen) => g.Mul(x, frozen))).toEqual([4]);
  expect(channels((g, x, frozen) => g.Add(x, frozen))).toEqual([]);
  expect(channels((g, x, frozen) => norm(g, g.Add(x, frozen)))).toEqual([4]);
  expect(
    channels((g, x, frozen) => {
      const sum = g.Add(x, frozen);
      return g.Add(norm(g, sum), g.Relu(sum));
    }),
  ).toEqual([]);
});

test("frozen running statistics normalize in training as well", async () => {
  const g = builder();
  const stat = (name: string, at: number) => g.initializer(name, full([4], at));
  const h = g.Gemm(g.input("x", "float32", [1, 3]), g.initializer("w", full([4, 3], 0.1)), null, { transB: 1 });
  const bn = g.BatchNormalization(h, stat("scale", 1), stat("shift", 0), stat("mean", -0.5), stat("var", 2));
  g.output(g.Gemm(g.Relu(bn), g.initializer("v", f32([1, 2, 3, 4, 0, 0, 0, 0], [2, 4])), null, { transB: 1 }), "y");
  const dims = new Map([["x", ["batch", 3]]]);
  const before: Model = { graph: g.build(), opset: 17, dims, metadata: new Map() };
  const moved = values((await finish(before, { freeze: ["mean", "var"] })).model);
  expect([moved.get("mean"), moved.get("var")]).toEqual([
    [-0.5, -0.5, -0.5, -0.5],
    [2, 2, 2, 2],
  ]);
  expect(moved.get("scale")).not.toEqual([1, 1, 1, 1]);
});

test("a branch without a gradient rule trains when what it depends on is frozen, as the error says", async () => {
  const g = builder();
  const input = g.input("x", "float32", [1, 3]);
  const table = g.initializer("table", f32([1, 2, 3]));
  const weights = () => g.constant(full([1, 3, 1], 0.5));
  const sequence = g.Reshape(table, { shape: [3, 1, 1] });
  const [hidden] = g.emit("GRU", [sequence, weights(), weights()], { hidden_size: 1, clip: 2 });
  g.output(
    g.Gemm(g.Mul(input, g.Reshape(hidden, { shape: [3] })), g.initializer("w", full([2, 3], 0.1)), null, { transB: 1 }),
    "y",
  );
  const odd: Model = {
    graph: g.build(),
    opset: 17,
    dims: new Map([["x", ["batch", 3]]]),
    metadata: new Map(),
  };
  const fix = await finish(odd, { trainOnly: ["table", "w"] }).catch((e) => e.fix);
  expect(fix).toBe(
    'freeze "table", which lies before this node (1 of 2 tensors that train), or add GRU to autodiff/rules',
  );
  const { model: trained } = await finish(odd, { freeze: ["table"] });
  expect(values(trained).get("table")).toEqual([1, 2, 3]);
});

test("constants are not trained, and said; trainOnly trains them and nothing else", async () => {
  const g = builder();
  const h = g.Relu(
    g.Gemm(g.input("x", "float32", [1, 3]), g.initializer("w", f32([0.3, -0.2, 0.5, 0.1, 0.4, -0.6], [2, 3])), null, {
      transB: 1,
    }),
  );
  g.output(g.Mul(h, g.initializer("half", f32([0.5], []))), "y");
  const made: Model = { graph: g.build(), opset: 17, dims: new Map([["x", ["batch", 3]]]), metadata: new Map() };
  const run = await finish(made, {});
  expect(run.notes.join()).toContain("taken for constants, not trained: half (one number for all)");
  expect(values(run.model).get("half")).toEqual([0.5]);
  expect(values(run.model).get("w")).not.toEqual(values(made).get("w"));
  const only = await finish(made, { trainOnly: ["op:Mul"] });
  expect(only.notes.join()).not.toContain("constants");
  expect(values(only.model).get("half")).not.toEqual([0.5]);
  expect(values(only.model).get("w")).toEqual(values(made).get("w"));
});

test("nothing left to train is refused", async () => {
  await expect(finish(model(), { freeze: ["**"] })).rejects.toThrow("the model has no parameters to train");
});
