/** Single operators with attributes and shapes from anywhere: what Espalier accepts, ONNX Runtime accepts, with the same types. */
import { type DType, type Graph, type Model, type Node, read, type Tensor, type Value, write } from "espalier";
import { inferNode } from "../../src/graph/infer.ts";
import type { AttrDef } from "../../src/graph/op.ts";
import { opOf, ops } from "../../src/graph/ops/index.ts";
import { arrayOf, size, tensor } from "../../src/graph/tensor.ts";
import type { Attr, Shape } from "../../src/graph/types.ts";
import type { Random } from "../../src/math/random.ts";
import { chance, pick } from "../mutate/pick.ts";
import { outputsOf } from "../runtime.ts";
import { type Suite, WrongResult } from "../suite.ts";

const names = Object.keys(ops);
/** Values of the text attributes of all operators. */
const TEXTS = [
  "constant",
  "reflect",
  "edge",
  "DCR",
  "CRD",
  "none",
  "tanh",
  "add",
  "mul",
  "NOTSET",
  "SAME_UPPER",
  "VALID",
];
const DTYPES: readonly DType[] = [
  "float32",
  "float32",
  "float32",
  "float32",
  "float64",
  "int64",
  "int32",
  "bool",
  "uint8",
];

const small = (random: Random): number =>
  chance(random, 0.9) ? random.int(7) - 2 : pick(random, [-1000, 1000, 2 ** 31, 2 ** 40]);

function filled(random: Random, dtype: DType, shape: Shape): Tensor {
  const wide = dtype === "int64" || dtype === "uint64";
  const elements = Array.from({ length: size(shape) }, () => (wide ? BigInt(random.int(3)) : random.int(3)));
  const data = (arrayOf(dtype) as unknown as { from(a: unknown[]): Tensor["data"] }).from(elements);
  return tensor(dtype, shape, data);
}

function attribute(random: Random, { type, dtype }: AttrDef): Attr {
  const list = <T>(one: () => T) => Array.from({ length: random.int(5) }, one);
  switch (type) {
    case "int":
      return dtype ? pick(random, DTYPES) : small(random);
    case "ints":
      return list(() => small(random));
    case "float":
      return random.normal();
    case "floats":
      return list(() => random.normal());
    case "string":
      return pick(random, TEXTS);
    case "strings":
      return list(() => pick(random, TEXTS));
    case "tensor":
      return filled(
        random,
        pick(random, DTYPES),
        list(() => random.int(3)),
      );
  }
}

/** Inputs whose shapes are often alike, as operators want them. */
function inputTypes(random: Random, n: number): { dtype: DType; shape: Shape }[] {
  const dtype = pick(random, DTYPES);
  const first = Array.from({ length: random.int(5) }, () => 1 + random.int(4));
  return Array.from({ length: n }, () => {
    const shape = pick(random, [
      first,
      first.map((d) => (chance(random, 0.3) ? 1 : d)),
      first.slice(1),
      [...first, 2],
      [first.at(1) ?? 1],
    ]);
    return { dtype: chance(random, 0.85) ? dtype : pick(random, DTYPES), shape };
  });
}

export const differShapes: Suite = {
  name: "differ-shapes",
  about:
    "single operators with any attributes and shapes: whether ONNX Runtime accepts what Espalier does, and with which types",
  share: 2,
  async run({ random, keep }) {
    const name = pick(random, names);
    const entry = opOf(name)!;
    const count =
      entry.arity === "n" ? 1 + random.int(3) : entry.required + random.int(entry.arity - entry.required + 1);
    const attrs = Object.fromEntries(
      Object.entries(entry.attrs).flatMap(([key, def]) => (chance(random, 0.6) ? [[key, attribute(random, def)]] : [])),
    );
    const inputs = inputTypes(random, count).map((t, i): Value => ({ name: `x${i}`, ...t }));
    keep(
      "case.json",
      JSON.stringify({ name, inputs, attrs }, (_, v) => (typeof v === "bigint" ? `${v}` : v), 1),
    );
    const inferred = inferNode(name, "", "node", inputs, attrs);
    const bad = inferred.outputs.find((t) => !t.shape.every((d) => Number.isSafeInteger(d) && d >= 0));
    if (bad) throw new WrongResult(`${name} makes ${bad.dtype}[${bad.shape}]`);
    if (inferred.outputs.some((t) => size(t.shape) > 1e6)) return "large";
    const outputs = inferred.outputs.map((t, i): Value => ({ name: `y${i}`, ...t }));
    const node: Node = { op: name, domain: "", name: "node", inputs, outputs, attrs: inferred.attrs };
    // indices and the like are stored, so that they are in range or refused
    const feeds = Object.fromEntries(inputs.map((v) => [v.name, filled(random, v.dtype, v.shape)]));
    const graph: Graph = { name: "g", inputs, outputs, initializers: new Map(), nodes: [node] };
    const model: Model = { graph, opset: 21, dims: new Map(), metadata: new Map() };
    const bytes = write(model);
    keep("model.onnx", bytes);
    read(bytes);
    const got = await outputsOf(bytes, feeds, "disabled");
    if (!got) return "no kernel";
    for (const v of outputs) {
      const [said, is] = [`${v.dtype}[${v.shape}]`, `${got[v.name].dtype}[${got[v.name].shape}]`];
      if (said !== is) throw new WrongResult(`${name} makes ${is} in ONNX Runtime, ${said} in Espalier`);
    }
    return undefined;
  },
};
