/** Products with a weight, whatever the operator: how the weight is stored, what the product and the bias are multiplied by. */
import { opOf } from "./ops/index.ts";
import type { Attrs, Node } from "./types.ts";

const productOf = ({ op, domain }: Node) => opOf(op, domain)?.product;

/** True where a node's weight is stored as [in, out]. */
export const inputsFirst = (node: Node): boolean => productOf(node)?.inputsFirst?.(node.attrs) ?? false;

/** What a node multiplies its product and its bias by. */
export const factorsOf = (node: Node): { readonly product: number; readonly bias: number } =>
  productOf(node)?.factors?.(node.attrs) ?? { product: 1, bias: 1 };

/** A node's attributes when a bias is put at its input 2, as it stands; undefined where the operator has no such input. */
export const withBias = (node: Node): Attrs | undefined => productOf(node)?.withBias?.(node.attrs) as Attrs | undefined;
