/** Singular values of models, the rules that choose ranks, and what truncation does. */
import { expect, test } from "vitest";
import { node } from "../engine/node.ts";
import { check } from "../graph/check.ts";
import { f32, numbers } from "../graph/tensor.ts";
import type { Model } from "../graph/types.ts";
import { models } from "../models/index.ts";
import { verify } from "../shrink/verify.ts";
import { compose } from "./compose.ts";
import { globalRanks, localRanks } from "./ranks.ts";
import { recompose } from "./recompose.ts";
import { type Spectrum, spectra } from "./spectra.ts";
import { truncate } from "./truncate.ts";

const engine = node({ threads: 1 });
const lenet = models.lenet5Small({ seed: 1 });
const weight = ({ graph }: Model, name: string) => [...graph.initializers].find(([v]) => v.name === name)?.[1];
const spectrum = (name: string, op: string, values: number[]) =>
  ({ weight: name, op, values: Float64Array.from(values) }) as unknown as Spectrum;
/** A linear layer with known singular values. */
function withValues(values: readonly number[]): Model {
  const model = models.mlp({ sizes: [values.length, values.length] });
  const diagonal = f32(
    values.flatMap((x, i) => values.map((_, j) => (i === j ? x : 0))),
    [values.length, values.length],
  );
  const initializers = new Map(
    [...model.graph.initializers].map(([v, t]) => [v, v.name === "fc1.weight" ? diagonal : t]),
  );
  return { ...model, graph: { ...model.graph, initializers } };
}

test("spectra: the values and the three ranks", () => {
  const [layer] = spectra(withValues([0.05, 10, 1, 0.2, 0])).layers;
  expect([...layer.values].map((x) => Number(x.toPrecision(6)))).toEqual([10, 1, 0.2, 0.05, 0]);
  expect(layer).toMatchObject({ weight: "fc1.weight", op: "Gemm", rows: 5, columns: 5, numericRank: 3, energyRank: 2 });
  const p = [10, 1, 0.2, 0.05].map((x) => x / 11.25);
  expect(layer.effectiveRank).toBeCloseTo(Math.exp(-p.reduce((sum, x) => sum + x * Math.log(x), 0)), 5);
  expect(spectra(withValues([2, 2, 2])).layers[0].effectiveRank).toBeCloseTo(3, 5);
  expect(spectra(withValues([0, 0])).layers[0]).toMatchObject({ numericRank: 0, energyRank: 0, effectiveRank: 0 });
});

test("a weight that is NaN is named", () => {
  expect(() => spectra(withValues([1, Number.NaN]))).toThrow(/weight +fc1.weight\n +at +\[1, 1\].*\n.*\n.* imported/);
});

test("spectra of a composed model are those of the products", () => {
  const { model } = compose(lenet, { factors: 3, seed: 2 });
  const [a, b] = [spectra(model), spectra(recompose(model))];
  expect(a.layers.map((l) => [l.weight, l.rows, l.columns])).toEqual([
    ["conv1.weight", 6, 25],
    ["conv2.weight", 16, 150],
    ["fc1.weight", 120, 400],
    ["fc2.weight", 84, 120],
    ["fc3.weight", 10, 84],
  ]);
  expect(a.layers.map((l) => l.values)).toEqual(b.layers.map((l) => l.values));
});

test("local: one ratio, at least one", () => {
  const layers = [spectrum("a", "Gemm", [4, 3, 2, 1]), spectrum("b", "Conv", [9, 8, 7, 6, 5, 4, 3, 2, 1, 0.5])];
  expect([...localRanks({ layers }, { keep: 0.3 })]).toEqual([
    ["a", 1],
    ["b", 3],
  ]);
  expect([...localRanks({ layers }, { keep: 0.01, least: 2 }).values()]).toEqual([2, 2]);
  expect([...localRanks({ layers }, { keep: 1 }).values()]).toEqual([4, 10]);
  expect(() => localRanks({ layers }, { keep: 0 })).toThrow(/share of singular values/);
});

test("global: one threshold, over relative, absolute or the code's values", () => {
  const layers = [
    spectrum("a", "Gemm", [100, 60, 30, 10]),
    spectrum("b", "Conv", [8, 7, 6, 5]),
    spectrum("c", "Conv", [1, 0.2, 0.1, 0.05]),
  ];
  const ranks = (relative: "all" | "none" | "conv", keep = 0.5, least = 1) => [
    ...globalRanks({ layers }, { keep, relative, least }).values(),
  ];
  expect(ranks("all")).toEqual([1, 4, 1]); // 1 1 1 .875 .75 .625 | .6
  expect(ranks("none")).toEqual([4, 2, 1]);
  expect(ranks("conv")).toEqual([2, 3, 1]);
  expect(ranks("none", 0.5, 2)).toEqual([4, 2, 2]);
  expect(ranks("all", 1)).toEqual([4, 4, 4]);
  expect(ranks("none", 0.01)).toEqual([1, 1, 1]);
});

test("truncation: two layers where that is smaller; the error is the norm of what went", async () => {
  const found = spectra(lenet);
  const ranks = new Map([
    ["conv1.weight", 3], // 3 · 31 < 150
    ["conv2.weight", 15], // 15 · 166 > 2400: stays one layer
    ["fc1.weight", 7],
  ]);
  const { model, layers } = truncate(found, ranks);
  expect(check(model.graph)).toEqual([]);
  expect(layers.map((l) => [l.weight, l.rank, l.split, l.params.after])).toEqual([
    ["conv1.weight", 3, true, 93],
    ["conv2.weight", 15, false, 2400],
    ["fc1.weight", 7, true, 7 * 520],
    ["fc2.weight", 84, false, 84 * 120],
    ["fc3.weight", 10, false, 840],
  ]);
  const shapes = [...model.graph.initializers.keys()].map((v) => `${v.name} [${v.shape}]`);
  expect(shapes.slice(0, 4)).toEqual([
    "conv1.low.0.weight [3,1,5,5]",
    "conv1.low.1.weight [6,3,1,1]",
    "conv1.bias [6]",
    "conv2.weight [16,6,5,5]",
  ]);
  const asProduct = truncate(found, ranks, { dense: "product" });
  expect(asProduct.layers.map((l) => l.split)).toEqual(layers.map((l) => l.split));
  for (const l of asProduct.layers) {
    const { values } = found.layers.find((s) => s.weight === l.weight)!;
    const [lost, all] = [values.subarray(l.rank), values].map((s) => Math.hypot(...s));
    expect(l.error).toBeCloseTo(lost / all, 10);
    const w = numbers(weight(lenet, l.weight)!);
    const now = l.split ? product(model, l.weight) : numbers(weight(asProduct.model, l.weight)!);
    expect(Math.hypot(...w.map((x, i) => x - now[i]))).toBeCloseTo(lost, 4);
  }
  // the same function as one dense layer of that rank
  const dense = truncate(found, new Map([["conv2.weight", 15]]), { dense: "product" }).model;
  expect((await verify(dense, lenet, { engine, tolerance: 1 })).maxRel).toBeGreaterThan(1e-4);
});

test("what does not get smaller stays as it was, and a few elements are not smaller", () => {
  const { model, layers } = truncate(lenet, new Map([["conv2.weight", 13]])); // 13 · 166 = 2158 of 2400, 90 %
  expect(layers.find((l) => l.weight === "conv2.weight")).toMatchObject({ split: true });
  expect(weight(model, "conv2.weight")).toBeUndefined();
  const one = truncate(lenet, new Map([["conv2.weight", 14]])); // 2324 of 2400, 97 %
  expect(one.layers.find((l) => l.weight === "conv2.weight")).toMatchObject({ rank: 14, split: false, error: 0 });
  expect(weight(one.model, "conv2.weight")).toBe(weight(lenet, "conv2.weight"));
  const split = truncate(lenet, new Map([["conv2.weight", 14]]), { saving: 0 }).layers;
  expect(split.find((l) => l.weight === "conv2.weight")).toMatchObject({ split: true });
  expect(() => truncate(lenet, new Map(), { saving: 1 })).toThrow(/saving is out of range/);
});

/** low.1 · low.0 as the weight's elements. */
function product(model: Model, name: string): number[] {
  const part = (i: number) => weight(model, name.replace("weight", `low.${i}.weight`))!;
  const [v, u] = [part(0), part(1)];
  const [r, rows] = [v.shape[0], u.shape[0]];
  const columns = v.data.length / r;
  const [a, b] = [numbers(u), numbers(v)];
  return Array.from({ length: rows * columns }, (_, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    return Array.from({ length: r }, (_, k) => a[i * r + k] * b[k * columns + j]).reduce((x, y) => x + y, 0);
  });
}

test("a layer that is of low rank already becomes two layers with the same function", async () => {
  const low = truncate(lenet, new Map([["fc1.weight", 5]]));
  const dense = truncate(lenet, new Map([["fc1.weight", 100]])); // 100 · 520 > 120 · 400: one layer
  expect(dense.layers.find((l) => l.weight === "fc1.weight")!.split).toBe(false);
  for (const full of [models.resnet20({ seed: 1 }), models.mlp7({ seed: 1, input: [30] })]) {
    const found = spectra(full);
    const half = truncate(found, localRanks(found, { keep: 0.3 }));
    expect(half.layers.some((l) => l.split)).toBe(true);
    const again = spectra(half.model); // factors of low rank: cutting nothing more changes nothing
    const same = truncate(again, new Map(again.layers.map((l) => [l.weight, l.values.length])));
    expect((await verify(half.model, same.model, { engine, random: 1 })).reason).toBeUndefined();
  }
  expect(check(low.model.graph)).toEqual([]);
});

test("ranks that cannot be", () => {
  expect(() => truncate(lenet, new Map([["fc9.weight", 1]]))).toThrow(/wanted +conv1.weight, conv2/);
  expect(() => truncate(lenet, new Map([["fc3.weight", 11]]))).toThrow(/got +11\n +wanted +an integer, 1 … 10/);
});
