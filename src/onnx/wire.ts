/**
 * Protobuf wire format by the table in schema.ts. Unknown fields survive. Every fault is an EspalierError that names
 * the message path and the byte; nothing is allocated that the input has no bytes for.
 */
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { EspalierError } from "../error.ts";
import { type MessageName, type Scalar, schema, type WireField, type WireMessage } from "./schema.ts";

type Anything = Record<string, unknown> & { unknown?: Uint8Array[] };
type NamedField = WireField & { readonly name: string };

const fieldsOf = new Map<string, readonly NamedField[]>();
const fieldByNumber = new Map<string, ReadonlyMap<number, NamedField>>();
for (const [message, fields] of Object.entries(schema)) {
  const named = Object.entries(fields as Record<string, WireField>).map(([name, f]) => ({ ...f, name }));
  fieldsOf.set(message, named);
  fieldByNumber.set(message, new Map(named.map((f) => [f.no, f])));
}

const wireTypes: Record<Scalar, WireType> = {
  int32: WireType.Varint,
  int64: WireType.Varint,
  uint64: WireType.Varint,
  float: WireType.Bit32,
  double: WireType.Bit64,
  string: WireType.LengthDelimited,
  bytes: WireType.LengthDelimited,
};
const wireTypeOf = (type: string): WireType => wireTypes[type as Scalar] ?? WireType.LengthDelimited;

/** Deeper nesting than any honest file has (a graph in an attribute in a graph …). */
const DEPTH = 64;

class Decoder {
  private readonly reader: BinaryReader;
  private readonly bytes: Uint8Array;
  private readonly path: string[];
  private readonly offset: number;

  constructor(bytes: Uint8Array, path: string, offset: number) {
    this.reader = new BinaryReader(bytes);
    this.bytes = bytes;
    this.path = path ? [path] : [];
    this.offset = offset;
  }

  private fail(reason: string, byte: number): never {
    throw new EspalierError(
      "invalid-file",
      `damaged ONNX file: ${reason}`,
      { field: this.path.join(".") || "(the file itself)", byte: this.offset + byte },
      "check that the file is complete and is an ONNX model",
    );
  }

  /** Runs one read of the wire reader; its errors get path and position. */
  private take<T>(end: number, read: () => T): T {
    const start = this.reader.pos;
    let value: T;
    try {
      value = read();
    } catch (e) {
      if (e instanceof EspalierError) throw e;
      this.fail((e as Error).message, start);
    }
    if (this.reader.pos > end) this.fail("a field is longer than the message that holds it", start);
    return value;
  }

  private scalar(type: Scalar): unknown {
    const r = this.reader;
    switch (type) {
      case "int32":
        return r.int32();
      case "int64":
        return BigInt(r.int64());
      case "uint64":
        return BigInt(r.uint64());
      case "float":
        return r.float();
      case "double":
        return r.double();
      case "string":
        return r.string(true);
      case "bytes":
        return r.bytes();
    }
  }

  private value(field: NamedField, end: number, into: Anything | undefined): unknown {
    if (field.type in wireTypes) return this.take(end, () => this.scalar(field.type as Scalar));
    const length = this.take(end, () => this.reader.uint32());
    if (length > end - this.reader.pos) this.fail("a message ends before its length", this.reader.pos);
    return this.message(field.type, this.reader.pos + length, into);
  }

  private known(message: Anything, field: NamedField, wire: WireType, end: number): void {
    const { name, type, repeated } = field;
    if (!repeated) {
      this.path.push(name);
      message[name] = this.value(field, end, message[name] as Anything | undefined);
      this.path.pop();
      return;
    }
    const items = (message[name] ??= []) as unknown[];
    if (wire === WireType.LengthDelimited && wireTypeOf(type) !== WireType.LengthDelimited) {
      this.path.push(name);
      const stop = this.take(end, () => this.reader.uint32()) + this.reader.pos;
      if (stop > end) this.fail("a packed list is longer than the message that holds it", this.reader.pos);
      while (this.reader.pos < stop) items.push(this.take(stop, () => this.scalar(type as Scalar)));
    } else {
      this.path.push(`${name}[${items.length}]`);
      items.push(this.value(field, end, undefined));
    }
    this.path.pop();
  }

  message(type: string, end: number, into: Anything = {}): Anything {
    if (this.path.length > DEPTH) this.fail("messages are nested too deeply", this.reader.pos);
    const fields = fieldByNumber.get(type)!;
    while (this.reader.pos < end) {
      const start = this.reader.pos;
      const [no, wire] = this.take(end, () => this.reader.tag());
      const field = fields.get(no);
      const packed = field?.repeated && wire === WireType.LengthDelimited;
      if (field && (wire === wireTypeOf(field.type) || packed)) this.known(into, field, wire, end);
      else {
        if (field) this.fail(`field ${field.name} has wire type ${wire}, wanted ${wireTypeOf(field.type)}`, start);
        this.take(end, () => this.reader.skip(wire, no));
        (into.unknown ??= []).push(this.bytes.slice(start, this.reader.pos));
      }
    }
    return into;
  }
}

/**
 * Decodes one message. Byte fields are views of `bytes`; unknown fields are copies.
 * @param path what errors call the message, for example `graph.node[3].attribute[0]`; "" for the file
 * @param offset where the message begins in the file, for errors
 */
export function decode<K extends MessageName>(type: K, bytes: Uint8Array, path = "", offset = 0): WireMessage<K> {
  return new Decoder(bytes, path, offset).message(type, bytes.length) as WireMessage<K>;
}

/** @throws EspalierError for half of a surrogate pair, which UTF-8 cannot hold: two names might become one */
function wellFormed(text: string): string {
  if (!/\p{Surrogate}/u.test(text)) return text;
  throw new EspalierError(
    "unsupported",
    "a text is not well-formed Unicode",
    { got: JSON.stringify(text) },
    "rename it",
  );
}

function writeScalar(w: BinaryWriter, type: Scalar, value: unknown): void {
  switch (type) {
    case "int32":
      w.int32(value as number);
      break;
    case "int64":
      w.int64(value as bigint);
      break;
    case "uint64":
      w.uint64(value as bigint);
      break;
    case "float":
      w.float(value as number);
      break;
    case "double":
      w.double(value as number);
      break;
    case "string":
      w.string(wellFormed(value as string));
      break;
    case "bytes":
      w.bytes(value as Uint8Array);
      break;
  }
}

/** A byte field of at least so many bytes is not copied until the whole is put together: a file's weights are copied once. */
const LONG = 2 ** 12;

/** The bytes of a message, in parts. */
class Parts {
  readonly list: Uint8Array[] = [];
  length = 0;
  private readonly writer = new BinaryWriter();

  field(no: number, type: string, value: unknown): void {
    const w = this.writer.tag(no, wireTypeOf(type));
    if (!(type in wireTypes)) this.nested(messageParts(type, value as Anything));
    else if (value instanceof Uint8Array && value.length >= LONG) {
      w.uint32(value.length);
      this.push(value);
    } else writeScalar(w, type as Scalar, value);
  }

  raw(bytes: Uint8Array): void {
    this.writer.raw(bytes);
  }

  /** Ends the message. */
  finished(): this {
    const bytes = this.writer.finish();
    if (bytes.length > 0) this.list.push(bytes);
    this.length += bytes.length;
    return this;
  }

  private nested({ list, length }: Parts): void {
    this.writer.uint32(length);
    for (const part of list)
      if (part.length < LONG) this.writer.raw(part);
      else this.push(part);
  }

  private push(bytes: Uint8Array): void {
    this.finished().list.push(bytes);
    this.length += bytes.length;
  }
}

function messageParts(type: string, message: Anything): Parts {
  const parts = new Parts();
  for (const { name, no, type: t, repeated } of fieldsOf.get(type)!) {
    const value = message[name];
    if (value === undefined) continue;
    for (const item of repeated ? (value as unknown[]) : [value]) parts.field(no, t, item);
  }
  for (const bytes of message.unknown ?? []) parts.raw(bytes);
  return parts.finished();
}

/**
 * Encodes one message: listed fields in the table's order, then the unknown ones. Deterministic.
 * @param memory where so many bytes are to stand
 */
export function encodeMessage<K extends MessageName>(
  type: K,
  message: WireMessage<K>,
  memory: (length: number) => Uint8Array = (length) => new Uint8Array(length),
): Uint8Array {
  const { list, length } = messageParts(type, message as Anything);
  const bytes = memory(length);
  let at = 0;
  for (const part of list) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
