/** Equations as matrix products, against the runtime's own Einsum. */
import { describe, expect, test } from "vitest";
import { messageOf, modelFile, value } from "../../../test/support/onnx-files.ts";
import { runOnce } from "../../engine/engine.ts";
import { node } from "../../engine/node.ts";
import { f32, numbers, size } from "../../graph/tensor.ts";
import type { Shape, Tensor } from "../../graph/types.ts";
import { encodeAttribute } from "../attributes.ts";
import { read } from "../read.ts";
import { write } from "../write.ts";

const engine = node({ threads: 1 });
const names = ["x", "y", "z"];

const file = (equation: string, shapes: readonly (readonly (number | string)[])[]) =>
  modelFile([["Einsum", shapes.map((_, i) => names[i]).join(" "), "out", [encodeAttribute("equation", equation)]]], {
    input: shapes.map((s, i) => value(names[i], ...s)),
    output: [{ name: "out" }],
  });

async function run(bytes: Uint8Array, shapes: readonly Shape[]): Promise<number[]> {
  const feeds = shapes.map((s, i) => [
    names[i],
    f32(
      Array.from({ length: size(s) }, (_, k) => Math.sin(3 * k + i)),
      s,
    ),
  ]);
  const session = await engine.load(bytes);
  const { out } = await runOnce(session, engine, Object.fromEntries(feeds));
  await session.release();
  return numbers(out as Tensor);
}

describe("what is read computes what the file does", () => {
  test.each<[string, ...Shape[]]>([
    ["ij,jk->ik", [2, 3], [3, 4]],
    ["ij,kj->ik", [2, 3], [4, 3]],
    ["ij, jk", [2, 3], [3, 4]],
    ["bhqd,bhkd->bhqk", [2, 3, 4, 5], [2, 3, 6, 5]],
    ["bhqk,bhkd->bqhd", [2, 3, 4, 6], [2, 3, 6, 5]],
    ["btd,dhk->bthk", [2, 3, 4], [4, 2, 5]],
    ["bthk,hkd->btd", [2, 3, 2, 5], [2, 5, 4]],
    ["nchw,oc->nohw", [2, 3, 4, 5], [6, 3]],
    ["bcxd,bcyd->bxy", [2, 3, 4, 5], [2, 3, 2, 5]],
    ["bi,bi->b", [2, 3], [2, 3]],
    ["bqc,bchw->bqhw", [1, 2, 3], [2, 3, 4, 5]],
    ["bi,bj->bij", [2, 3], [1, 4]],
    ["bi,bj->bij", [2, 3], [2, 4]],
    ["i,j->ji", [3], [4]],
    ["i,i->", [3], [3]],
    ["i,ij->j", [3], [3, 4]],
    ["...ij,...jk->...ik", [2, 5, 3, 4], [2, 5, 4, 2]],
    ["...d,de->...e", [2, 3, 4], [4, 5]],
    ["b...,b->...", [2, 3, 4], [2]],
    ["ij->ji", [2, 3]],
    ["ij->", [2, 3]],
    ["ii->i", [3, 3]],
    ["iji->j", [3, 2, 3]],
    ["ij,k->i", [2, 3], [4]],
    ["ij,jk,kl->il", [2, 3], [3, 4], [4, 2]],
    ["bi,ij,bj->b", [2, 3], [3, 4], [2, 4]],
  ])("%s", async (equation, ...shapes) => {
    const bytes = file(equation, shapes);
    const model = read(bytes);
    expect(model.graph.nodes.map((n) => n.op)).not.toContain("Einsum");
    const [got, wanted] = [await run(write(model), shapes), await run(bytes, shapes)];
    expect(got.length).toBe(wanted.length);
    for (const [i, w] of wanted.entries()) expect(got[i]).toBeCloseTo(w, 4);
  });
});

test("a batch stays open", async () => {
  const bytes = file("bthk,bshk->bhts", [
    ["N", 3, 2, 5],
    ["N", 4, 2, 5],
  ]);
  const shapes = [
    [7, 3, 2, 5],
    [7, 4, 2, 5],
  ];
  const [got, wanted] = [await run(write(read(bytes)), shapes), await run(bytes, shapes)];
  for (const [i, w] of wanted.entries()) expect(got[i]).toBeCloseTo(w, 4);
});

test.each<[string, ...Shape[]]>([
  ["ij,jk->ik", [2, 3], [4, 3]],
  ["ij->ik", [2, 3]],
  ["ij->ii", [2, 3]],
  ["ijk->i", [2, 3]],
  ["i1->i", [2, 3]],
  ["i->j->k", [2]],
  ["...i...->i", [2, 3]],
  ["ij,jk->ik", [2, 3]],
])("%s is refused for %o", (equation, ...shapes) =>
  expect(messageOf(file(equation, shapes))).toContain("Einsum with the equation"),
);
