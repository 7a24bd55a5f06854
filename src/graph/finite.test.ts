/** Numbers of a model that are none: named by whatever would use it, and not called divergence. */
import { describe, expect, test } from "vitest";
import { sketch } from "../../test/support/small-models.ts";
import { fromArrays } from "../data/dataset.ts";
import { node } from "../engine/node.ts";
import { EspalierError } from "../error.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { shrink } from "../shrink/shrink.ts";
import { verify } from "../shrink/verify.ts";
import { evaluate } from "../train/evaluate.ts";
import { NotFiniteError } from "../train/not-finite.ts";
import { train } from "../train/train.ts";
import { builder } from "./builder.ts";
import { checkWeights } from "./finite.ts";
import { f32, tensor } from "./tensor.ts";
import type { Model, Tensor } from "./types.ts";

const engine = node({ threads: 1 });
const data = fromArrays(
  [
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
    [1, 1, 1],
    [2, 2, 2],
  ],
  [0, 1, 0, 1, 0],
);
const model = (x?: number): Model =>
  sketch(
    [3],
    ({ fc, x: input }) => fc(input, "w", 2),
    (name, t) =>
      name === "w" && x !== undefined
        ? { ...t, data: Float32Array.from(t.data as Float32Array, (v, i) => (i > 3 ? x : v)) }
        : t,
  );

const users: readonly [string, (m: Model) => unknown][] = [
  ["train", (m) => train(m, data, { engine, optimizer: sgd(), schedule: constant({ lr: 0.1 }), epochs: 1 })],
  ["evaluate", (m) => evaluate(m, data, { engine })],
  ["shrink", (m) => shrink(m, { engine })],
];

describe.each([Number.NaN, Infinity, -Infinity])("a weight of %s", (x) => {
  test.each(users)("is named by %s", async (_, use) => {
    const error: unknown = await Promise.resolve()
      .then(() => use(model(x)))
      .catch((e) => e);
    expect(error).toBeInstanceOf(EspalierError);
    expect(error).not.toBeInstanceOf(NotFiniteError); // which a search for lambda takes for divergence
    expect(String(error)).toMatch(
      /itself holds (NaN|Infinity)\n +tensor +w\n +at +\[1, 1\]\n +not finite +2 of its 6 numbers\n/,
    );
    expect(String(error)).not.toContain("diverged:");
  });
});

test("verify names it as the reason", async () => {
  const [bad, good] = [model(Number.NaN), model()];
  const said = (which: string) => ({
    agree: false,
    reason: `the ${which} model itself holds NaN: w at [1, 1], 2 of its 6 numbers`,
  });
  expect(await verify(bad, good, { engine })).toMatchObject(said("first"));
  expect(await verify(good, bad, { engine })).toMatchObject(said("second"));
});

test("what is finite passes, and so does a mask that is infinite", async () => {
  for (const [, use] of users) await Promise.resolve(use(model()));
  const g = builder();
  const x = g.input("x", "float32", [1, 2]);
  g.output(g.Where(g.Less(x, g.initializer("mask", f32([0, -Infinity], [1, 2]))), x, x), "y");
  expect(checkWeights(g.build())).toBeUndefined();
});

test.each<[string, Tensor, RegExp | undefined]>([
  ["float16", tensor("float16", [2], Uint16Array.of(0x3c00, 0x7e00)), /at +\[1\]/],
  ["an infinity of float16", tensor("float16", [2], Uint16Array.of(0xfc00, 0)), /holds Infinity/],
  ["the largest float16", tensor("float16", [1], Uint16Array.of(0x7bff)), undefined],
  ["bfloat16", tensor("bfloat16", [2], Uint16Array.of(0x7fc0, 0)), /holds NaN/],
  ["the largest bfloat16", tensor("bfloat16", [1], Uint16Array.of(0x7f7f)), undefined],
  ["float64", tensor("float64", [1], Float64Array.of(Number.NaN)), /holds NaN/],
  ["integers", tensor("int64", [1], BigInt64Array.of(1n)), undefined],
])("%s", (_, t, said) => {
  const g = builder();
  g.output(g.Identity(g.initializer("w", t)), "y");
  const check = () => checkWeights(g.build());
  if (said) expect(check).toThrow(said);
  else expect(check).not.toThrow();
});
