/** Multiply–accumulates. Only products with weights count, and products of two values; other families have none. */
import { type AnySite, type OpSite, opSiteOf, ruleIn } from "./op-site.ts";
import type { Families, OpName } from "./ops/index.ts";
import { size } from "./tensor.ts";
import type { Node, Value } from "./types.ts";

interface Layer {
  readonly in: readonly [Value, Value, Value, ...(Value | null)[]];
}

/** Of every step of every sequence: W and R. */
const recurrent = ({ in: [x, w, r] }: Layer) => x.shape[0] * x.shape[1] * (size(w.shape) + size(r.shape));

const rules: { readonly [K in Families["convolution" | "linear" | "recurrent"]]: (site: OpSite<K>) => number } = {
  Conv: ({ in: [, w], out }) => size(out.shape) * size(w.shape.slice(1)), // per output element: the kernel
  ConvTranspose: ({ in: [x, w] }) => size(x.shape) * size(w.shape.slice(1)), // per input element: the kernel
  MatMul: ({ in: [a], out }) => size(out.shape) * a.shape[a.shape.length - 1],
  Gemm: ({ in: [a], out, attrs: { transA } }) => size(out.shape) * a.shape[transA ? 0 : 1],
  GRU: recurrent,
  LSTM: recurrent,
  RNN: recurrent,
};

/** Multiply–accumulates of a node; 0 for operators outside the table. */
export const macsOf = (node: Node): number => ruleIn<(site: AnySite) => number>(rules, node)?.(opSiteOf(node)) ?? 0;

/** Whether an operator has multiply–accumulates. */
export const isCounted = (op: OpName): boolean => Object.hasOwn(rules, op);
