/** How the weight of an operator, its input 1, is a matrix out × (in·k²). Every linear operator and convolution has a rule. */

import { type AnySite, type OpSite, opSiteOf, ruleIn } from "../graph/op-site.ts";
import type { Families, OpFullAttrs } from "../graph/ops/index.ts";
import { size } from "../graph/tensor.ts";
import type { Attrs, Node } from "../graph/types.ts";

interface MatrixRule<S = AnySite, A = Attrs> {
  /** Why a node's weight is no such matrix; undefined when it is one. */
  readonly obstacle: (site: S) => string | undefined;
  /** A convolution's attributes belong to the factor with its kernel, a linear layer's to the last one. */
  readonly convolution: boolean;
  /** Composed, the kernel comes first and square maps out → out follow; else square maps in → in come first. Default false. */
  readonly kernelFirst?: (site: S) => boolean;
  /** Whether a node does nothing but multiply. */
  readonly bare: (site: S) => boolean;
  /** What a node has that is not bare. */
  readonly beyond: string;
  /** Attributes of a bare node that stores its weight likewise. */
  readonly bareAttrs: (attrs: A) => Attrs;
}

const noMatrix = ({ shape }: { readonly shape: readonly number[] }) =>
  shape.length === 2 ? undefined : "has batch axes";
const convolution = {
  convolution: true,
  beyond: "it has a stride, a padding or a kernel",
  bareAttrs: () => ({}),
};

const rules: { readonly [K in Families["linear" | "convolution"]]: MatrixRule<OpSite<K>, OpFullAttrs<K>> } = {
  MatMul: {
    obstacle: ({ in: [, w] }) => noMatrix(w),
    convolution: false,
    bare: () => true,
    beyond: "",
    bareAttrs: () => ({}),
  },
  Gemm: {
    obstacle: ({ in: [, w], attrs }) => noMatrix(w) ?? (attrs.transA ? "multiplies a transposed input" : undefined),
    convolution: false,
    bare: ({ attrs }) => attrs.alpha === 1,
    beyond: "it has an alpha",
    bareAttrs: ({ transB }) => ({ transB }),
  },
  Conv: {
    ...convolution,
    obstacle: ({ attrs: { group } }) => (group === 1 ? undefined : `is a grouped convolution (${group} groups)`),
    kernelFirst: ({ in: [, w], attrs: { pads } }) => size(w.shape.slice(2)) !== 1 || pads.some((p) => p !== 0),
    bare: ({ in: [, w], attrs: { strides, pads } }) =>
      size(w.shape.slice(2)) === 1 && strides.every((s) => s === 1) && pads.every((p) => p === 0),
  },
  ConvTranspose: { ...convolution, obstacle: () => "is of a transposed convolution", bare: () => false },
};

/** The rule of a node; undefined for operators that multiply with no weight. */
export const matrixRuleOf = (node: Pick<Node, "op" | "domain">): MatrixRule | undefined =>
  ruleIn<MatrixRule>(rules, node);

/** Whether an operator is a convolution. */
export const isConvolution = ({ op, domain }: Pick<Node, "op" | "domain">): boolean =>
  matrixRuleOf({ op, domain })?.convolution ?? false;

/** Whether a composed node's kernel comes first and square maps out → out follow. */
export const kernelFirst = (node: Node): boolean => matrixRuleOf(node)?.kernelFirst?.(opSiteOf(node)) ?? false;

/** Whether a node does nothing but multiply. */
export const isBare = (node: Node): boolean => matrixRuleOf(node)?.bare(opSiteOf(node)) ?? false;
