/** AttributeProto ⇄ Attr. */
import { invariant } from "../error.ts";
import type { AttrType } from "../graph/op.ts";
import type { Attr, OpaqueAttr, Tensor } from "../graph/types.ts";
import { attributeTypes, type Message } from "./schema.ts";
import { tensorProto, toInt64 } from "./tensors.ts";
import { encodeMessage } from "./wire.ts";

const utf8 = new TextEncoder();

export const isOpaque = (a: Attr): a is OpaqueAttr => typeof a === "object" && "opaque" in a;

/** The type of an attribute that no table describes. A whole number is an int; give an OpaqueAttr for a float. */
function guess(a: Attr): AttrType {
  if (typeof a === "string") return "string";
  if (typeof a === "number") return Number.isInteger(a) ? "int" : "float";
  if (!Array.isArray(a)) return "tensor";
  if (typeof a[0] === "string") return "strings";
  return (a as readonly number[]).every(Number.isInteger) ? "ints" : "floats";
}

/** The bytes of an AttributeProto. */
export function encodeAttribute(name: string, a: Attr, declared?: AttrType): Uint8Array {
  if (isOpaque(a)) return a.opaque;
  const kind = declared ?? guess(a);
  const message: Message<"AttributeProto"> = { name, type: attributeTypes[kind] };
  switch (kind) {
    case "int":
      message.i = toInt64(a as number);
      break;
    case "ints":
      message.ints = (a as readonly number[]).map(toInt64);
      break;
    case "float":
      message.f = Math.fround(a as number);
      break;
    case "floats":
      message.floats = (a as readonly number[]).map(Math.fround);
      break;
    case "string":
      message.s = utf8.encode(a as string);
      break;
    case "strings":
      message.strings = (a as readonly string[]).map((s) => utf8.encode(s));
      break;
    case "tensor":
      invariant(typeof a === "object" && "dtype" in a, `attribute ${name} is no tensor`);
      message.t = tensorProto("", a as Tensor);
      break;
  }
  return encodeMessage("AttributeProto", message);
}
