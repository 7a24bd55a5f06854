/** ONNX files of one node, and what ONNX Runtime computes of them as they are and as they are read and written. */

import { dataTypes } from "../../src/dtype.ts";
import { runOnce } from "../../src/engine/engine.ts";
import { node } from "../../src/engine/node.ts";
import type { AttrType } from "../../src/graph/op.ts";
import { numbers, size, tensor } from "../../src/graph/tensor.ts";
import type { Attr, Model, Tensor } from "../../src/graph/types.ts";
import { Random } from "../../src/math/random.ts";
import { encodeAttribute } from "../../src/onnx/attributes.ts";
import { read } from "../../src/onnx/read.ts";
import { tensorProto } from "../../src/onnx/tensors.ts";
import { encodeMessage } from "../../src/onnx/wire.ts";
import { write } from "../../src/onnx/write.ts";

export interface OneNode {
  readonly op: string;
  /** Default "". */
  readonly domain?: string;
  /** Default 17. */
  readonly opset?: number;
  /** Fed, its first axis dynamic; stored; or absent. */
  readonly in: readonly (Fed | Tensor | null)[];
  /** Name, type and value. */
  readonly attrs?: readonly (readonly [string, AttrType, Attr])[];
  /** How many samples every fed input has in the declarations. Default: any number. */
  readonly samples?: number;
  /** How many outputs, and which of them are the graph's. Default [0] of 1. */
  readonly outputs?: readonly number[];
}

/** An input of the graph. */
export interface Fed {
  readonly fed: Tensor;
}

const random = new Random(3, "verify");
/** Normal numbers, a stored tensor. */
export const stored = (...shape: number[]): Tensor =>
  tensor(
    "float32",
    shape,
    Float32Array.from({ length: size(shape) }, () => random.normal()),
  );
export const fed = (...shape: number[]): Fed => ({ fed: stored(...shape) });
export const fedTensor = (t: Tensor): Fed => ({ fed: t });
const isFed = (x: Fed | Tensor): x is Fed => "fed" in x;

const name = (at: number) => `x${at}`;
const declared = (label: string, { dtype, shape }: Tensor, samples: number | undefined) => ({
  name: label,
  type: {
    tensor_type: {
      elem_type: dataTypes[dtype],
      shape: {
        dim: shape.map((d, i) =>
          i === 0 && samples === undefined ? { dim_param: "batch" } : { dim_value: BigInt(i === 0 ? samples! : d) },
        ),
      },
    },
  },
});

export function oneNodeFile(c: OneNode): Uint8Array {
  const inputs = c.in.map((x, i) => (x ? name(i) : ""));
  const shown = c.outputs ?? [0];
  const output = Array.from({ length: Math.max(...shown) + 1 }, (_, i) => (shown.includes(i) ? `y${i}` : `unread${i}`));
  const entries = c.in.flatMap((x, i) => (x ? [[name(i), x] as const] : []));
  return encodeMessage("ModelProto", {
    ir_version: 10n,
    opset_import: [
      { domain: "", version: BigInt(c.opset ?? 17) },
      { domain: "com.microsoft", version: 1n },
    ],
    graph: {
      name: "one",
      node: [
        {
          name: "node",
          op_type: c.op,
          domain: c.domain ?? "",
          input: inputs,
          output,
          attribute: (c.attrs ?? []).map(([key, type, value]) => encodeAttribute(key, value, type)),
        },
      ],
      input: entries.flatMap(([label, x]) => (isFed(x) ? [declared(label, x.fed, c.samples)] : [])),
      initializer: entries.flatMap(([label, x]) => (isFed(x) ? [] : [tensorProto(label, x)])),
      output: shown.map((i) => ({ name: `y${i}` })),
    },
  });
}

const engine = node({ threads: 1 });

async function outputsOf(bytes: Uint8Array, c: OneNode): Promise<Record<string, readonly number[]>> {
  const session = await engine.load(bytes);
  const feeds = Object.fromEntries(c.in.flatMap((x, i) => (x && isFed(x) ? [[name(i), x.fed]] : [])));
  const out = await runOnce(session, engine, feeds);
  await session.release();
  return Object.fromEntries(Object.entries(out).map(([k, t]) => [k, numbers(t as Tensor)]));
}

/** Largest difference between what ONNX Runtime makes of a node itself and of what it reads as, relative to the largest number. */
export async function expansionError(c: OneNode): Promise<{ error: number; model: Model }> {
  const bytes = oneNodeFile(c);
  const model = read(bytes);
  const [wanted, got] = [await outputsOf(bytes, c), await outputsOf(write(model), c)];
  const apart = Object.entries(wanted).map(([k, w]) => {
    if (got[k].length !== w.length) return Number.POSITIVE_INFINITY;
    const most = Math.max(1, ...w.map(Math.abs));
    return Math.max(0, ...w.map((x, i) => (Object.is(x, got[k][i]) ? 0 : Math.abs(x - got[k][i]) / most)));
  });
  const error = apart.reduce((a, b) => (Number.isNaN(b) ? b : Math.max(a, b)), 0);
  return { error, model };
}
