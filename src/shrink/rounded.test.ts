import { expect, test } from "vitest";
import { chain, fill, shapes } from "../../test/support/shrinkable-models.ts";
import { node } from "../engine/node.ts";
import type { Tensor } from "../graph/types.ts";
import { shrink } from "./shrink.ts";

const engine = node({ threads: 1 });
/** 6 → 8 → 5 → 3, of whose hidden units 3 and 2 are read by nobody. */
const sparse = () =>
  chain((name, t: Tensor) => (name === "b" ? fill(t, 1, [0, 4, 7]) : name === "c" ? fill(t, 1, [1, 3]) : t));
const widths = async (roundTo?: number) => {
  const { model, certificate, proof, verification } = await shrink(sparse(), { engine, roundTo });
  const { a, b, c } = shapes(model);
  const gone = certificate.removed.filter(({ tensor }) => tensor === "a").map(({ index }) => index);
  return { a, b, c, gone, proved: proof.holds && verification.agree };
};

test("widths that lose channels stay multiples, and dead channels fill them up, the first ones first", async () => {
  expect(await widths()).toEqual({ a: "5×6", b: "3×5", c: "3×3", gone: ["0,4,7"], proved: true });
  expect(await widths(2)).toEqual({ a: "6×6", b: "4×6", c: "3×4", gone: ["4,7"], proved: true });
  expect(await widths(4)).toEqual({ a: "8×6", b: "4×8", c: "3×4", gone: [], proved: true });
  expect(await widths(8)).toEqual({ a: "8×6", b: "5×8", c: "3×5", gone: [], proved: true });
});

test("a width is refused that is none", async () => {
  await expect(shrink(sparse(), { engine, roundTo: 0.5 })).rejects.toThrow("roundTo");
});
