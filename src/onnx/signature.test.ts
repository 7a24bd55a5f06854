import { expect, test } from "vitest";
import { attrsOf, messageOf, modelFile, type NodeText, value } from "../../test/support/onnx-files.ts";
import { type OpName, opOf, ops } from "../graph/ops/index.ts";
import { encodeAttribute } from "./attributes.ts";
import { read } from "./read.ts";
import { operatorForms } from "./signature.ts";
import { attributeSince, movedParameters } from "./spelling.ts";

const names = Object.keys(ops) as OpName[];

/** What canonical form does not have: canonical-forms.ts reads it for what it says and takes it out. */
const takenOut = new Set([
  ...["saturate", "round_mode", "training_mode", "noop_with_empty_axes", "num_outputs"],
  ...["antialias", "extrapolation_value", "keep_aspect_ratio_policy"],
  ...["sparse_value", "value_float", "value_floats", "value_int", "value_ints", "value_string", "value_strings"],
]);

test("the operator table and ONNX's signatures name the same attributes, inputs and opsets", () => {
  for (const op of names) {
    const entry = opOf(op)!;
    const moved = new Set(
      (movedParameters[op] ?? []).flatMap((m) => (m.carrier === "typed" ? [m.attr, "dtype"] : [m.attr])),
    );
    const spelled = new Set(operatorForms(op).flatMap(({ attrs }) => [...attrs.keys()]));
    const known = new Set([...Object.keys(entry.attrs), ...moved, ...takenOut]);
    expect([op, [...spelled].filter((a) => !known.has(a))]).toEqual([op, []]);
    expect([op, Object.keys(entry.attrs).filter((a) => !spelled.has(a) && !moved.has(a))]).toEqual([op, []]);

    const { since: first } = operatorForms(op)[0];
    expect([op, entry.since ?? 9]).toEqual([op, Math.max(9, first)]);
    const since = new Map(Object.entries(attributeSince[op] ?? {}));
    for (const m of movedParameters[op] ?? []) since.delete(m.attr);
    const stated = [...since.keys()].map(
      (attr) => [attr, operatorForms(op).find(({ attrs }) => attrs.has(attr))?.since] as const,
    );
    expect([op, new Map(stated)]).toEqual([op, since]);
  }
});

const one = (node: NodeText, opset = 17, type = 1) =>
  messageOf(
    modelFile(
      [node],
      {
        input: [value("x", 3, 4), value("k", 1)].map((v) => ({
          ...v,
          type: { tensor_type: { ...v.type!.tensor_type, elem_type: type } },
        })),
        output: [{ name: "y" }],
      },
      opset,
    ),
  ).split("\n")[0];

test.each<[string, string]>([
  [one(["Relu", "x", "y"]), "no error"],
  [one(["Relu", "x k", "y"]), "Relu has too many inputs"],
  [one(["Relu", "x", "y z"]), "Relu has too many outputs"],
  [one(["Add", "x", "y"]), "Add lacks an input"],
  [one(["Add", "- x", "y"]), "Add lacks an input"],
  [one(["TopK", "x k", "y"]), "TopK lacks an output"],
  [one(["Relu", "x", "y", [encodeAttribute("alpha", 1)]]), "Relu has no such attribute in opset 17"],
  [one(["Relu", "x", "y", [encodeAttribute("constructor", 1)]]), "Relu has no such attribute in opset 17"],
  [one(["Relu", "x", "y", [encodeAttribute("__proto__", 1)]]), "no error"], // a runtime's own: kept as bytes
  [one(["Concat", "x x", "y"]), "Concat lacks an attribute"],
  [one(["ReduceSum", "x", "y", [encodeAttribute("axes", [0])]]), "ReduceSum has no such attribute in opset 17"],
  [one(["Gelu", "x", "y"]), "opset 17 does not have Gelu"],
  [one(["Gemm", "x k", "y"], 9), "Gemm lacks an input"],
  [one(["Sin", "x", "y"], 17, 7), "Sin does not take this element type"],
  [one(["Relu", "x", "y"], 13, 7), "Relu does not take this element type"],
  [one(["Relu", "x", "y"], 14, 7), "no error"],
  [one(["Not", "x", "y"]), "Not does not take this element type"],
])("%s", (got, wanted) => expect(got).toBe(wanted));

test("inputs of one type variable have one type", () => {
  const input = [
    value("x", 2),
    { ...value("i", 2), type: { tensor_type: { elem_type: 7, shape: { dim: [{ dim_value: 2n }] } } } },
  ];
  expect(messageOf(modelFile([["Add", "x i", "y"]], { input, output: [{ name: "y" }] }))).toMatchInlineSnapshot(`
    "Add: element types differ
      node    y
      input   i
      got     int64[2]
      wanted  float32
      fix     check that the file is complete, or export the model again"
  `);
});

test("a Constant holds one tensor of numbers", () => {
  const constant = (...attrs: Uint8Array[]) =>
    modelFile([["Constant", "", "y", attrs]], { input: [], output: [{ name: "y" }] });
  const what = (...attrs: Uint8Array[]) => messageOf(constant(...attrs)).split("\n")[0];
  const wrong = "a Constant does not hold one tensor of numbers";
  expect(what()).toBe(wrong);
  expect(what(encodeAttribute("value_string", "a"))).toBe(wrong);
  expect(what(encodeAttribute("value_int", 1), encodeAttribute("value_float", 1, "float"))).toBe(wrong);
  expect(attrsOf(read(constant(encodeAttribute("value_ints", [], "ints"))), "Constant")[0].value).toEqual({
    dtype: "int64",
    shape: [0],
    data: new BigInt64Array(0),
  });
});
