/** Single operators with attributes and shapes from anywhere: what Espalier accepts, ONNX Runtime accepts, with the same types. */
import { type DType, type Graph, read, type Tensor, type Value, write } from "espalier";
import type { AttrDef } from "../../src/graph/op.ts";
import { opOf, ops, withDefaults } from "../../src/graph/ops/index.ts";
import { arrayOf, size, tensor } from "../../src/graph/tensor.ts";
import type { Attr, Attrs, Shape } from "../../src/graph/types.ts";
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

/** Floats at random; of integers, which may be indices, one number alone. */
function filled(random: Random, dtype: DType, shape: Shape, integer = 0): Tensor {
  const wide = dtype === "int64" || dtype === "uint64";
  const draw = () => (dtype.startsWith("float") ? random.normal() : wide ? BigInt(integer) : integer);
  const data = (arrayOf(dtype) as unknown as { from(a: unknown[]): Tensor["data"] }).from(
    Array.from({ length: size(shape) }, draw),
  );
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
  const alike = [
    first,
    first.map((d) => (chance(random, 0.3) ? 1 : d)),
    first.slice(1),
    [...first, 2],
    [first.at(1) ?? 1],
  ];
  return Array.from({ length: n }, () => ({
    dtype: chance(random, 0.85) ? dtype : pick(random, DTYPES),
    shape: pick(random, alike),
  }));
}

/** A file of one node; undefined where so odd a node cannot even be spelled. */
function oneNode(random: Random, name: string, inputs: readonly Value[]): Uint8Array | undefined {
  const entry = opOf(name)!;
  const some = Object.entries(entry.attrs).filter(() => chance(random, 0.6));
  const attrs = withDefaults(entry, Object.fromEntries(some.map(([key, def]) => [key, attribute(random, def)])));
  const outputs: Value[] = [{ name: "y0", dtype: "float32", shape: [] }];
  const node = { op: name, domain: "", name: "node", inputs, outputs, attrs: attrs as Attrs };
  const graph: Graph = { name: "g", inputs, outputs, initializers: new Map(), nodes: [node] };
  try {
    return write({ graph, opset: 21, dims: new Map(), metadata: new Map() });
  } catch {
    return undefined; // `write` takes what the table of operators allows, which this is not
  }
}

export const differShapes: Suite = {
  name: "differ-shapes",
  about:
    "single operators with any attributes and shapes: ONNX Runtime takes what Espalier reads, and makes the same types",
  share: 2,
  async run({ random, keep }) {
    const name = pick(random, names);
    const { arity, required } = opOf(name)!;
    const inputs = inputTypes(random, arity === "n" ? 1 + random.int(3) : required + random.int(arity - required + 1));
    const bytes = oneNode(
      random,
      name,
      inputs.map((t, i): Value => ({ name: `x${i}`, ...t })),
    );
    if (!bytes) return "cannot be spelled";
    keep("model.onnx", bytes);
    const model = read(bytes);
    const { outputs } = model.graph;
    if (outputs.some((t) => size(t.shape) > 1e6)) return "large";
    const divisor = name === "Div" || name === "Mod" ? 1 : 0; // the runtime dies of an integer zero there
    const feeds = Object.fromEntries(
      model.graph.inputs.map((v) => [v.name, filled(random, v.dtype, v.shape, divisor)]),
    );
    const got = await outputsOf(write(model), feeds, "disabled");
    if (!got) return "no kernel";
    for (const v of outputs) {
      const [said, is] = [`${v.dtype}[${v.shape}]`, `${got[v.name].dtype}[${got[v.name].shape}]`];
      if (said !== is) throw new WrongResult(`${name} makes ${is} in ONNX Runtime, ${said} in Espalier`);
    }
    return undefined;
  },
};
