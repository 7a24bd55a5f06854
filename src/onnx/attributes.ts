/** AttributeProto ⇄ Attr. */
import { EspalierError, invariant } from "../error.ts";
import type { AttrType } from "../graph/op.ts";
import type { Attr, OpaqueAttr, Tensor } from "../graph/types.ts";
import type { External } from "./external.ts";
import { attributeTypes, type WireMessage } from "./schema.ts";
import { decodeTensor, tensorProto, toInt64 } from "./tensors.ts";
import { decode, encodeMessage } from "./wire.ts";

const utf8 = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const typeNames = new Map<number, AttrType>(Object.entries(attributeTypes).map(([k, n]) => [n, k as AttrType]));

/** True for an attribute that stayed bytes. */
export const isOpaque = (a: Attr): a is OpaqueAttr => typeof a === "object" && "opaque" in a;

/** The type of an attribute that no table describes. A whole number is an int; give an OpaqueAttr for a float. */
function guess(a: Attr): AttrType {
  if (typeof a === "string") return "string";
  if (typeof a === "number") return Number.isInteger(a) ? "int" : "float";
  if (!Array.isArray(a)) return "tensor";
  if (typeof a[0] === "string") return "strings";
  return (a as readonly number[]).every(Number.isInteger) ? "ints" : "floats";
}

function content(kind: AttrType, a: Attr, name: string): WireMessage<"AttributeProto"> {
  switch (kind) {
    case "int":
      return { i: toInt64(a as number) };
    case "ints":
      return { ints: (a as readonly number[]).map(toInt64) };
    case "float":
      return { f: Math.fround(a as number) };
    case "floats":
      return { floats: (a as readonly number[]).map(Math.fround) };
    case "string":
      return { s: utf8.encode(a as string) };
    case "strings":
      return { strings: (a as readonly string[]).map((s) => utf8.encode(s)) };
    case "tensor":
      invariant(typeof a === "object" && "dtype" in a, `attribute ${name} is no tensor`);
      return { t: tensorProto("", a as Tensor) };
  }
}

/** The bytes of an AttributeProto. */
export function encodeAttribute(name: string, a: Attr, declared?: AttrType): Uint8Array {
  if (isOpaque(a)) return a.opaque;
  const kind = declared ?? guess(a);
  return encodeMessage("AttributeProto", { name, type: attributeTypes[kind], ...content(kind, a, name) });
}

/** Files of the first ONNX versions leave the type out. */
function presentKind(p: WireMessage<"AttributeProto">): AttrType | undefined {
  if (p.type) return typeNames.get(p.type);
  if (p.f !== undefined) return "float";
  if (p.i !== undefined) return "int";
  if (p.s !== undefined) return "string";
  if (p.t !== undefined) return "tensor";
  if (p.floats) return "floats";
  if (p.ints) return "ints";
  return p.strings ? "strings" : undefined;
}

function textOf(bytes: Uint8Array | undefined, field: string): string {
  try {
    return strict.decode(bytes);
  } catch {
    throw new EspalierError("invalid-file", "an attribute is not text in UTF-8", { field });
  }
}

/** An integer as a number. Beyond 2⁵³ only those that numbers hold, and the ends of the range, which stand for "to the end". */
function integer(x: bigint, field: string): number {
  if (toInt64(Number(x)) === x) return Number(x);
  throw new EspalierError("unsupported", "an attribute is an integer that Espalier cannot hold", {
    field,
    got: String(x),
    wanted: "at most 2^53",
  });
}

/**
 * The value of an attribute, or undefined for a type that Espalier does not interpret (graphs, sparse tensors, …).
 */
export function decodeAttribute(
  p: WireMessage<"AttributeProto">,
  path: string,
  external: External | undefined,
): { type: AttrType; value: Attr } | undefined {
  const type = presentKind(p);
  if (!type || p.ref_attr_name) return undefined;
  switch (type) {
    case "int":
      return { type, value: integer(p.i ?? 0n, `${path}.i`) };
    case "ints":
      return { type, value: (p.ints ?? []).map((x) => integer(x, `${path}.ints`)) };
    case "float":
      return { type, value: p.f ?? 0 };
    case "floats":
      return { type, value: p.floats ?? [] };
    case "string":
      return { type, value: textOf(p.s, `${path}.s`) };
    case "strings":
      return { type, value: (p.strings ?? []).map((s) => textOf(s, `${path}.strings`)) };
    case "tensor":
      if (!p.t) throw new EspalierError("invalid-file", "a tensor attribute holds no tensor", { field: `${path}.t` });
      return { type, value: decodeTensor(p.t, `${path}.t`, external) };
  }
}

/** An attribute of a node that the table does not have; undefined where it is absent. */
function ownAttribute({ attribute = [], name: node = "" }: WireMessage<"NodeProto">, wanted: string): Attr | undefined {
  for (const bytes of attribute) {
    const message = decode("AttributeProto", bytes, node);
    if (message.name === wanted) return decodeAttribute(message, `${node}.${wanted}`, undefined)?.value;
  }
  return undefined;
}

/** The same of a number. */
export function numberIn(node: WireMessage<"NodeProto">, name: string, otherwise: number): number {
  const value = ownAttribute(node, name);
  return typeof value === "number" ? value : otherwise;
}

/** The same of a list of numbers. */
export function numbersIn(node: WireMessage<"NodeProto">, name: string): readonly number[] | undefined {
  const value = ownAttribute(node, name);
  return Array.isArray(value) ? value : undefined;
}
