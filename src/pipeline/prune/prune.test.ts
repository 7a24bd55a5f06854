import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fromArrays } from "../../data/dataset.ts";
import { node } from "../../engine/node.ts";
import { tensor } from "../../graph/tensor.ts";
import type { Model } from "../../graph/types.ts";
import { Random } from "../../math/random.ts";
import { torchDefault } from "../../models/init.ts";
import { mlp } from "../../models/mlp.ts";
import { network } from "../../models/network.ts";
import { read } from "../../onnx/read.ts";
import { write } from "../../onnx/write.ts";
import { prove } from "../../proof/prove.ts";
import { cost } from "../../shrink/cost.ts";
import { verify } from "../../shrink/verify.ts";
import { withTensors } from "../../step/parameters.ts";
import { evaluate } from "../../train/evaluate.ts";
import { type PruneEvent, type PruneOptions, prune } from "./prune.ts";
import { rank } from "./rank.ts";
import { withoutChannels } from "./zeroed.ts";

const engine = node({ threads: 1 });
const random = new Random(1, "verify");
const noise = (n: number) => Float32Array.from({ length: n }, () => random.normal());
/** Three targets a sample. */
const rows = (n: number) => Array.from({ length: n }, () => [...noise(3)]);
const data = fromArrays(noise(64 * 6), rows(64), { shape: [6], classes: null, test: 0.25 });
const dense = mlp({ sizes: [6, 12, 8, 3], seed: 3 });
const scoring = { engine, loss: (await import("../../step/loss.ts")).meanSquaredError() };

/** Two convolutions with batch norm, a residual add, a dense layer. */
const residual = network({ name: "net", input: [2, 6, 6], seed: 2, init: torchDefault }, (n, x) => {
  const y = n.relu(n.batchNorm("bn1", n.conv2d("conv1", x, 8, { kernel: 3, padding: 1, bias: false })));
  const z = n.batchNorm("bn2", n.conv2d("conv2", y, 8, { kernel: 3, padding: 1, bias: false }));
  return n.linear("fc", n.flatten(n.relu(n.add(y, z))), 3);
});
const file = (path: string) => read(readFileSync(new URL(`../../../test/fixtures/${path}`, import.meta.url)));

test.each(["params", "macs", "bytes"] as const)(
  "the fewest channels go until the share of %s is met, exactly within one of them",
  async (of) => {
    const events: PruneEvent[] = [];
    const bytes = write(residual);
    const done = await prune(residual, { engine, keep: 0.6, of, onEvent: (e) => events.push(e) });
    const tried = events.flatMap((e) => (e.type === "tried" ? [e] : []));
    const enough = Math.min(...tried.filter((t) => t.kept <= 0.6).map((t) => t.removed));
    expect(tried.find((t) => t.removed === enough)!.kept).toBe(done.kept);
    expect(tried.find((t) => t.removed === enough - 1)!.kept).toBeGreaterThan(0.6);
    const costs = { ...cost(done.model), bytes: write(done.model).length };
    expect(done.cost.after).toEqual(costs);
    expect(done.kept).toBe(costs[of] / done.cost.before[of]);
    expect(done.layers.reduce((n, l) => n + l.removed, 0)).toBe(enough);
    expect(write(residual)).toEqual(bytes); // never in place
  },
);

test("the certificate proves the way from the model with zeros to the small one, and no other", async () => {
  const { zeroed: full, model: small, certificate } = await prune(residual, { engine, keep: 0.5 });
  expect(await prove(full, certificate, { small, engine })).toMatchObject({ holds: true });
  expect(await prove(residual, certificate, { small, engine })).toMatchObject({ holds: false });
});

test("every ranking goes with data, which says the scores of both", async () => {
  const removed = new Set<string>();
  for (const by of ["magnitude", "taylor", "activation"] as const) {
    const { scores, layers, model } = await prune(dense, { ...scoring, keep: 0.5, by, data });
    expect(scores!.before).toEqual(await evaluate(dense, data, scoring));
    expect(scores!.after).toEqual(await evaluate(model, data, scoring));
    removed.add(layers.map((l) => l.removed).join());
  }
  expect(removed.size).toBeGreaterThan(1);
});

test("taylor's importance is the change of the loss when what is read of a channel fades", async () => {
  const few = { ...data, train: { x: data.train.x.slice(0, 16 * 6), y: data.train.y.slice(0, 16 * 3), count: 16 } };
  const { sets, scores } = await rank(dense, { ...scoring, by: "taylor", data: few, samples: 16, normalization: null });
  const set = sets.find((s) => s.name === "fc1.weight")!;
  const lossWith = async (channel: number, by: number) => {
    const weights = new Map([...dense.graph.initializers].map(([v, t]) => [v.name, t]));
    const { dtype, shape, data: w } = weights.get("fc2.weight")!;
    const faded = (w as Float32Array).map((x, i) => (i % 12 === channel ? x * (1 + by) : x));
    weights.set("fc2.weight", tensor(dtype, shape, faded));
    const model = { ...dense, graph: withTensors(dense.graph, weights) };
    return (await evaluate(model, few, { ...scoring, normalization: null, split: few.train })).loss;
  };
  for (const channel of [0, 5, 11]) {
    const slope = ((await lossWith(channel, 1e-2)) - (await lossWith(channel, -1e-2))) / 2e-2;
    expect(scores.get(set)![channel]).toBeCloseTo(slope ** 2, 5);
    expect(scores.get(set)![channel] / slope ** 2).toBeCloseTo(1, 1);
  }
});

test("running statistics are those of what is left", async () => {
  const images = fromArrays(noise(128 * 72), rows(128), { shape: [2, 6, 6], classes: null, test: 0.25 });
  const {
    zeroed: full,
    model: small,
    certificate,
  } = await prune(residual, { ...scoring, keep: 0.5, data: images, samples: 96 });
  const means = (m: Model) =>
    [...m.graph.initializers].flatMap(([v, t]) => (v.name === "bn2.running_mean" ? [t.data] : []));
  expect(means(full)).not.toEqual(means(residual));
  expect(await prove(full, certificate, { small, engine })).toMatchObject({ holds: true });
});

/** With some tensors replaced. */
function changed(model: Model, make: Readonly<Record<string, (x: number, i: number) => number>>): Model {
  const tensors = [...model.graph.initializers].flatMap(([v, t]) =>
    make[v.name] ? [[v.name, tensor(t.dtype, t.shape, (t.data as Float32Array).map(make[v.name]))] as const] : [],
  );
  return { ...model, graph: withTensors(model.graph, new Map(tensors)) };
}

test("the mean of what goes is kept: a channel that carries a constant goes without a trace", async () => {
  const flat = changed(dense, {
    "fc1.weight": (x, i) => (i < 2 * 6 ? 0 : x),
    "fc1.bias": (x, i) => (i < 2 ? 3 : x),
  });
  const { analysis, sets, means } = await rank(flat, { ...scoring, data });
  const set = sets.find((s) => s.name === "fc1.weight")!;
  const without = (known: typeof means) => withoutChannels(flat, analysis, new Map([[set, [0, 1]]]), known);
  expect(await verify(flat, without(means), { engine })).toMatchObject({ agree: true });
  expect(await verify(flat, without(undefined), { engine })).toMatchObject({ agree: false });
});

test("before a batch norm the mean goes out of its running mean, so that no bias is added", async () => {
  const net = network({ name: "net", input: [2, 4, 4], seed: 2, init: torchDefault }, (n, x) => {
    const y = n.relu(n.conv2d("conv1", x, 4, { kernel: 1 }));
    return n.linear("fc", n.flatten(n.relu(n.batchNorm("bn", n.conv2d("conv2", y, 4, { kernel: 1, bias: false })))), 3);
  });
  const flat = changed(net, { "conv1.weight": (x, i) => (i < 2 ? 0 : x), "conv1.bias": (x, i) => (i < 1 ? 2 : x) });
  const images = fromArrays(noise(16 * 32), rows(16), { shape: [2, 4, 4], classes: null, test: 0.25 });
  const { analysis, sets, means } = await rank(flat, { ...scoring, data: images });
  const set = sets.find((s) => s.name === "conv1.weight")!;
  const small = withoutChannels(flat, analysis, new Map([[set, [0]]]), means);
  expect(await verify(flat, small, { engine })).toMatchObject({ agree: true });
  expect(small.graph.initializers.size).toBe(flat.graph.initializers.size);
});

test.each(["zoo/bert/dynamo.onnx", "zoo/deit/eval.onnx", "zoo/densenet/eval-dynamic.onnx", "zoo/crnn/dynamo.onnx"])(
  "files of any kind, of one sample too: %s",
  async (path) => {
    const { kept, verification } = await prune(file(path), { engine, keep: 0.6 });
    expect(kept).toBeLessThanOrEqual(0.6);
    expect(kept).toBeGreaterThan(0.5);
    expect(verification.agree).toBe(true);
  },
);

test("an index of every head goes where that is asked for", async () => {
  const bert = file("zoo/bert/dynamo.onnx");
  const widths = async (groups: "coupled" | "headWidth") =>
    (await prune(bert, { engine, keep: 0.6, groups })).layers.map((l) => l.channels).join();
  expect(await widths("coupled")).not.toBe(await widths("headWidth"));
});

test("widths that lose channels stay multiples of roundTo", async () => {
  const { layers, kept } = await prune(mlp({ sizes: [6, 32, 40, 3] }), { engine, keep: 0.6, roundTo: 8 });
  expect(kept).toBeLessThanOrEqual(0.6);
  for (const { channels, removed } of layers) expect((channels - removed) % 8).toBe(0);
});

test("what training made zero goes first", async () => {
  const sparse = changed(dense, { "fc2.weight": (x, i) => (i % 12 < 4 ? 0 : x) });
  const { sets, scores } = await rank(sparse, { engine });
  const set = sets.find((s) => s.name === "fc1.weight")!;
  expect([...scores.get(set)!].map((s) => s < 0)).toEqual(Array.from({ length: 12 }, (_, i) => i < 4));
});

test("every layer keeps its least share, and what is frozen is left alone", async () => {
  const { layers } = await prune(dense, { engine, keep: 0.4, least: 0.5 });
  for (const { channels, removed } of layers) expect(channels - removed).toBeGreaterThanOrEqual(channels / 2);
  const { layers: open } = await prune(dense, { engine, keep: 0.7, freeze: ["fc3.weight"] });
  expect(open.find((l) => l.name === "fc1.weight")!.removed).toBeGreaterThan(0);
});

test("a share that cannot be kept says how far it came; nothing to remove says so", async () => {
  await expect(prune(dense, { engine, keep: 0.05 })).rejects.toThrow(
    /^so little of the model cannot be kept\n {2}of +params\n {2}got +0\.\d+\n {2}wanted +0\.05\n {2}removed +all \d+ channels that may go\n {2}fix +keep at least 0\.\d+, or let/,
  );
  await expect(prune(mlp({ sizes: [6, 3] }), { engine, keep: 0.5 })).rejects.toThrow(
    "no channel of the model can be removed",
  );
});

test.each<[string, Partial<PruneOptions>, RegExp]>([
  ["keep 0", { keep: 0 }, /share to keep is out of range\n {2}got +0\n {2}wanted +between 0 and 1/],
  ["keep 1", { keep: 1 }, /share to keep is out of range/],
  ["keep NaN", { keep: Number.NaN }, /share to keep is out of range/],
  ["a ranking without data", { by: "taylor" }, /the ranking by taylor wants data/],
  ["another ranking", { by: "luck" as never }, /no such ranking\n {2}got +luck/],
  ["other groups", { groups: "element" as never }, /no such groups/],
  ["another measure", { of: "time" as never }, /no such measure/],
  ["least 2", { least: 2 }, /least is out of range/],
  ["roundTo 0", { roundTo: 0 }, /roundTo is out of range/],
  ["no samples", { samples: 0 }, /samples is out of range/],
  ["an unknown weight", { freeze: ["nothing.weight"] }, /nothing.weight/],
])("%s is refused before anything is done", async (_, options, said) => {
  await expect(prune(dense, { engine, keep: 0.5, ...options })).rejects.toThrow(said);
});
