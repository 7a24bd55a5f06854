/** Units of recurrent layers: nobody reads them → they go, from every gate and both directions, and the outputs stay. */
import { describe, expect, test } from "vitest";
import { zeroed } from "../campaign/graphs/sparse-models.ts";
import { node } from "../src/engine/node.ts";
import type { Builder } from "../src/graph/builder.ts";
import type { Model, Tensor, Value } from "../src/graph/types.ts";
import { groupSets } from "../src/groups/groups.ts";
import { countZeros } from "../src/groups/zeros.ts";
import { Random } from "../src/math/random.ts";
import { write } from "../src/onnx/write.ts";
import { inspect } from "../src/shrink/inspect.ts";
import { shrink } from "../src/shrink/shrink.ts";
import { fill, model, shapes, w } from "./support/shrinkable-models.ts";

const engine = node({ threads: 1 });
const [STEPS, WIDTH, UNITS] = [3, 4, 6];
type Kind = "GRU" | "LSTM" | "RNN";
const gates: Record<Kind, number> = { GRU: 3, LSTM: 4, RNN: 1 };
type Edit = (name: string, t: Tensor) => Tensor;
const as: Edit = (_, t) => t;

interface Setting {
  readonly ways?: 1 | 2;
  /** From a state that a dense layer makes of the first step. */
  readonly start?: boolean;
  /** With gates, and directions, that nodes put into this order. */
  readonly arranged?: boolean;
}

/** A layer behind x [steps, batch, width]. @returns its outputs */
function layer(g: Builder, kind: Kind, name: string, x: Value, { ways = 1, start, arranged }: Setting): Value[] {
  const width = x.shape[2];
  const n = gates[kind] * UNITS;
  const stored = (what: string, rows: number, ...columns: number[]) =>
    arranged
      ? rearranged(g, `${name}.${what}`, ways, rows, columns)
      : w(g, `${name}.${what}`, [ways, rows, ...columns]);
  const weights = [stored("w", n, width), stored("r", n, UNITS), stored("b", 2 * n)];
  const first = () => g.Slice(x, { starts: [0], ends: [1], axes: [0] });
  const state = start ? g.MatMul(first(), w(g, `${name}.start`, [width, UNITS])) : null;
  const direction = ways === 2 ? "bidirectional" : "forward";
  return g.emit(kind, [x, ...weights, null, state], { direction });
}

/** A weight as exporters in training mode have it: a tensor for each direction, its gates in another order. */
function rearranged(g: Builder, name: string, ways: number, rows: number, columns: readonly number[]): Value {
  const each = Array.from({ length: ways }, (_, d) => {
    const whole = w(g, `${name}.${d}`, [rows, ...columns]);
    const part = (start: number, end: number) => g.Slice(whole, { starts: [start], ends: [end], axes: [0] });
    const turned = g.Concat([part(rows - UNITS, rows), part(0, rows - UNITS)], { axis: 0 });
    return g.Unsqueeze(turned, { axes: [0] });
  });
  return g.Concat(each, { axis: 0 });
}

/** Y [steps, ways, batch, units] → [steps, batch, ways · units] */
const side = (g: Builder, y: Value): Value => {
  const shape = [0, 0, y.shape[1] * y.shape[3]];
  return g.Reshape(g.Transpose(y, { perm: [0, 2, 1, 3] }), { shape });
};

/** x → dense → two layers → dense on all that the second one gives. */
const net = (kind: Kind, setting: Setting, edit: Edit = as): Model =>
  model(
    [STEPS, 3],
    (g, x) => {
      const first = g.MatMul(g.Transpose(x, { perm: [1, 0, 2] }), w(g, "in", [3, WIDTH]));
      const below = side(g, layer(g, kind, "one", first, setting)[0]);
      const [y, last] = layer(g, kind, "two", below, setting);
      const steps = g.MatMul(side(g, y), w(g, "steps", [y.shape[1] * UNITS, 2]));
      const shape = [0, last.shape[0] * UNITS];
      const state = g.MatMul(g.Reshape(g.Transpose(last, { perm: [1, 0, 2] }), { shape }), w(g, "last", [shape[1], 2]));
      return g.Add(g.ReduceMean(steps, { axes: [0], keepdims: 0 }), state);
    },
    edit,
  );

const settings: Readonly<Record<string, Setting>> = {
  "one direction": {},
  "both directions": { ways: 2 },
  "from a state that is computed": { start: true },
  "gates that nodes put in order": { ways: 2, arranged: true },
};

describe.each(["GRU", "LSTM", "RNN"] as const)("%s:", (kind) => {
  test.each(Object.entries(settings))("random groups zeroed, %s", async (_, setting) => {
    const whole = net(kind, setting);
    const sets = groupSets(whole.graph, "coupled");
    expect(sets.map((s) => s.count).sort()).toEqual([WIDTH, UNITS, UNITS].sort());
    const random = new Random(5, "verify");
    const dead = new Map(
      sets.map((s) => [s, Array.from({ length: s.count }, (_, i) => i > 0 && random.uniform() < 0.5)]),
    );
    const sparse = zeroed(whole, sets, (s, group) => dead.get(s)![group]);
    const { model: small, verification } = await shrink(sparse, { engine });
    expect(verification.maxRel).toBeLessThan(1e-5);
    expect(write(small).length).toBeLessThan(write(sparse).length);
    const left = groupSets(small.graph, "coupled");
    expect(countZeros(left, new Map([...small.graph.initializers].map(([v, t]) => [v.name, t]))).zero).toBe(0);
    const gone = [...dead.values()].reduce((n, list) => n + list.filter((d) => d).length, 0);
    expect(left.reduce((n, s) => n + s.count, 0)).toBe(WIDTH + 2 * UNITS - gone);
  });
});

test("a unit that only one reads that nobody reads goes with it", async () => {
  const sparse = net("RNN", {}, (name, t) => {
    if (name === "steps" || name === "last") return fill(t, 0, [1, 2]);
    // nothing reads unit 1, and unit 1 alone reads unit 2
    return name === "two.r"
      ? withColumn(
          withColumn(t, 1, () => false),
          2,
          (row) => row % UNITS === 1,
        )
      : t;
  });
  const { model: small } = await shrink(sparse, { engine });
  expect(shapes(small)).toMatchObject({ "two.w": "1×4×6", "two.r": "1×4×4", "two.b": "1×8", steps: "4×2" });
});

/** Column j of R with zeros where `keep` says no. */
function withColumn(t: Tensor, column: number, keep: (row: number) => boolean): Tensor {
  const data = Float32Array.from(t.data as Float32Array, (x, i) =>
    i % UNITS === column && !keep(Math.floor(i / UNITS)) ? 0 : x,
  );
  return { ...t, data };
}

test("a unit that another step reads stays, and what is read of features is told apart", async () => {
  const unread = net("LSTM", {}, (name, t) => (name === "steps" || name === "last" ? fill(t, 0, [3]) : t));
  expect(shapes((await shrink(unread, { engine })).model)).toMatchObject({ "two.r": "1×24×6" });
  const blind = net("GRU", {}, (name, t) => (name === "one.w" ? fill(t, 2, [0, 2]) : t));
  expect(shapes((await shrink(blind, { engine })).model)).toMatchObject({ in: "3×2", "one.w": "1×18×2" });
});

test("a feature that is always zero goes where the layer reads it", async () => {
  const silent = net("LSTM", {}, (name, t) => (name === "in" ? fill(t, 1, [1]) : t));
  const { certificate, model: small } = await shrink(silent, { engine });
  expect(shapes(small)).toMatchObject({ in: "3×3", "one.w": "1×24×3" });
  expect(certificate.removed.filter((r) => r.tensor === "one.w").map((r) => r.reason)).toEqual(["zero"]);
});

test("units stay that are read by weights which are computed", () => {
  const m = model(
    [STEPS, WIDTH],
    (g, x) => {
      const r = g.Mul(w(g, "r", [1, UNITS, UNITS]), w(g, "factor", [1, 1, UNITS]));
      const [y] = g.RNN([g.Transpose(x, { perm: [1, 0, 2] }), w(g, "w", [1, UNITS, WIDTH]), r, null, null, null]);
      return g.MatMul(g.Transpose(side(g, y), { perm: [1, 0, 2] }), w(g, "out", [UNITS, 2]));
    },
    (_, t) => t,
  );
  expect(groupSets(m.graph, "coupled")).toEqual([]);
  expect(inspect(m).layers.find(({ weight }) => weight === "w")?.obstacles).toEqual([
    expect.stringMatching(/^RNN ".*" reads it by a weight that is computed$/),
  ]);
});

test("inspect counts what a layer costs, and what each of its weights reads", () => {
  const layers = inspect(net("GRU", {})).layers.filter(({ op }) => op === "GRU");
  expect(layers.map(({ weight, channels, groups, macs }) => [weight, channels, groups, macs])).toEqual([
    ["one.w", UNITS, WIDTH, STEPS * 3 * UNITS * (WIDTH + UNITS)],
    ["one.r", UNITS, UNITS, 0],
    ["two.w", UNITS, UNITS, STEPS * 3 * UNITS * (UNITS + UNITS)],
    ["two.r", UNITS, UNITS, 0],
  ]);
});
