/** Canonical node → the node as an opset spells it. The inverse of canonical.ts. */

import { dataTypes } from "../dtype.ts";
import { EspalierError } from "../error.ts";
import type { Type } from "../graph/op.ts";
import { entryOf, type OpName, opOf } from "../graph/ops/index.ts";
import type { Attr, Attrs, DType, Node, Size, Tensor } from "../graph/types.ts";
import { encodeAttribute } from "./attributes.ts";
import type { WireMessage } from "./schema.ts";
import { typeSince } from "./signature.ts";
import {
  attributeSince,
  carriers,
  IDENTITY,
  impliedBefore,
  type Moved,
  movedAt,
  nameThen,
  overNothing,
  respelled,
  settingSince,
} from "./spelling.ts";
import { dataOf, valuesOf } from "./tensors.ts";

/** Where parameters go that an opset wants as inputs: they come back by name. */
export interface Places {
  /** Stores a tensor as an initializer of the file. */
  readonly add: (t: Tensor, hint: string) => string;
  /** Computes what follows sizes. Absent: the numbers of the graph's own sizes are stored. */
  readonly compute?: (sizes: readonly Size[], dtype: DType, scalar: boolean, hint: string) => string;
}

/** True for a value that says what the operator did before it had the attribute: a default, or dilations of 1. */
function isNeutral(node: Node, attr: string): boolean {
  const a = node.attrs[attr];
  const byDefault = opOf(node.op)?.attrs[attr]?.default;
  if (a === undefined || a === byDefault || impliedBefore[node.op]?.(node)) return true;
  return Array.isArray(a) && a.every((d) => d === 1);
}

/** The oldest opset, from 9 on, that can express a canonical node. */
export function neededOpset(node: Node): number {
  const entry = opOf(node.op, node.domain);
  if (!entry) return 9;
  const attrs = Object.entries(attributeSince[node.op] ?? {}).map(([k, since]) => (isNeutral(node, k) ? 0 : since));
  const [first] = node.inputs;
  const typed = first ? typeSince(node.op as OpName, first.dtype) : 0;
  return Math.max(9, entry.since ?? 0, typed, settingSince[node.op]?.(node) ?? 0, ...attrs);
}

function carry({ attr, carrier }: Moved, node: Node, places: Places): string {
  const value = node.attrs[attr] as number | readonly number[] | undefined;
  if (value === undefined) return "";
  const { dtype: dtypeOf, list } = carriers[carrier];
  const dtype = dtypeOf(node);
  const values = typeof value === "number" ? [value] : value;
  const hint = `${node.outputs[0]!.name}.${attr}`;
  const sizes = node.follows?.[attr];
  if (sizes && places.compute) return places.compute(sizes, dtype, !list, hint);
  return places.add({ dtype, shape: list ? [values.length] : [], data: dataOf(dtype, values) }, hint);
}

/** Before opset 11 axes count from the front: nothing but TopK knew negative ones. */
const FROM_THE_FRONT = 11;

function positive(op: string, key: string, a: Attr, input: Type, output: Type): Attr {
  const rank = (opOf(op)?.outputAxes ? output : input).shape.length;
  const up = (x: number) => (x < 0 ? x + rank : x);
  if (key === "axis") return up(a as number);
  return key === "axes" ? (a as readonly number[]).map(up) : a;
}

/** A number as an element type holds it. */
const rounded = (dtype: DType, x: number): number => valuesOf({ dtype, shape: [], data: dataOf(dtype, [x]) })[0];

/** An attribute as a file of this opset holds it: a float in its precision, an axis from the front where it must be. */
function held(op: string, key: string, a: Attr, opset: number, input: Type | null | undefined, output: Type): Attr {
  const type = opOf(op)?.attrs[key]?.type;
  const parameter = movedAt(op, opset).find((m) => m.attr === key);
  if (parameter?.carrier === "like" && input) return rounded(input.dtype, a as number);
  if (type === "float") return Math.fround(a as number);
  return type && opset < FROM_THE_FRONT && input ? positive(op, key, a, input, output) : a;
}

/** The attributes of a node of the table as they will be read again once they were written: defaults included. */
export function asWritten(
  op: string,
  attrs: Attrs,
  opset: number,
  inputs: readonly (Type | null)[],
  [output]: readonly Type[],
): Attrs {
  return Object.fromEntries(
    Object.entries(attrs).map(([k, a]) => [k, a === undefined ? a : held(op, k, a, opset, inputs[0], output)]),
  );
}

function spellAttr(node: Node, opset: number, key: string, a: Attr): Uint8Array {
  const { type, dtype } = entryOf(node.op, node.domain)?.attrs[key] ?? {};
  if (dtype) return encodeAttribute(key, dataTypes[a as DType], type);
  const known = opOf(node.op, node.domain); // what others call their attributes says nothing of their values
  return encodeAttribute(key, known ? held(node.op, key, a, opset, node.inputs[0], node.outputs[0]!) : a, type);
}

/** Whether a node reduces no axis, and so is spelled as the identity. */
function reducesNothing(node: Node): boolean {
  const what = overNothing[node.op];
  if (!what || (node.attrs.axes as readonly number[] | undefined)?.length !== 0) return false;
  if (what === "changes")
    throw new EspalierError("unsupported", `${node.op} over no axis cannot be written`, { node: node.name });
  return true;
}

/** What follows sizes has to be an input. */
function checkFollows({ op, name, follows }: Node, opset: number, inputs: ReadonlySet<string>): void {
  const attr = Object.keys(follows ?? {}).find((k) => !inputs.has(k));
  if (attr !== undefined)
    throw new EspalierError(
      "unsupported",
      `opset ${opset} has no ${op} whose ${attr} follows the sizes of its inputs`,
      { node: name },
      "convert the model to a newer opset",
    );
}

/**
 * The message of a node at an opset that can express it (`neededOpset`).
 * @param places receives parameters that this opset wants as inputs
 */
export function spell(canonical: Node, opset: number, places: Places): WireMessage<"NodeProto"> {
  const node = (opOf(canonical.op, canonical.domain) && respelled[canonical.op]?.(canonical, opset)) || canonical;
  const names = (list: Node["inputs"]) => {
    const out = list.map((v) => v?.name ?? "");
    while (out.at(-1) === "") out.pop();
    return out;
  };
  const message = { name: node.name, output: names(node.outputs), domain: node.domain || undefined };
  const known = opOf(node.op, node.domain) !== undefined;
  if (known && reducesNothing(node)) return { ...message, op_type: IDENTITY, input: names(node.inputs) };

  const parameters = known ? movedAt(node.op, opset) : [];
  const inputs = node.inputs.map((v) => v?.name ?? "");
  for (const m of parameters) inputs.splice(m.input, 0, carry(m, node, places));
  while (inputs.at(-1) === "") inputs.pop();

  const asInput = new Set(parameters.flatMap(({ attr, carrier }) => (carrier === "typed" ? [attr, "dtype"] : [attr])));
  if (places.compute) checkFollows(node, opset, asInput);
  const later = known ? (attributeSince[node.op] ?? {}) : {};
  const attribute = Object.entries(node.attrs)
    .filter(([k, a]) => a !== undefined && !asInput.has(k) && !((later[k] ?? 0) > opset))
    .map(([k, a]) => spellAttr(node, opset, k, a!));
  return { ...message, op_type: known ? nameThen(node.op, opset) : node.op, input: inputs, attribute };
}
