/**
 * Damaged ONNX files: a file is taken apart into its protobuf fields, some of them are dropped, doubled, exchanged or
 * altered, and it is put together again; or bytes change with no regard to what they mean. All choices come from the
 * counter generator, so that a seed and a number name a file.
 */
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Random } from "../../src/math/random.ts";
import { schema, type WireField } from "../../src/onnx/schema.ts";

/** One field of a message as it stands in the file. Packed lists are bytes. */
interface Field {
  readonly no: number;
  readonly wire: WireType;
  value: bigint | Uint8Array | Field[];
  /** The message that `value` is, if it is one. */
  readonly type: string | undefined;
}

/** Fields that hold messages and that the reader decodes on its own. */
const hidden: Readonly<Record<string, string>> = { "NodeProto.5": "AttributeProto" };

function messageIn(type: string, no: number): string | undefined {
  const fields: readonly WireField[] = Object.values(schema[type as keyof typeof schema]);
  const named = fields.find((f) => f.no === no)?.type;
  return named && named in schema ? named : hidden[`${type}.${no}`];
}

/** @throws Error when the bytes are no message */
function takeApart(type: string, bytes: Uint8Array): Field[] {
  const reader = new BinaryReader(bytes);
  const fields: Field[] = [];
  while (reader.pos < reader.len) {
    const [no, wire] = reader.tag();
    const inner = wire === WireType.LengthDelimited ? messageIn(type, no) : undefined;
    if (wire === WireType.Varint) fields.push({ no, wire, type: inner, value: BigInt(reader.uint64()) });
    else if (wire === WireType.LengthDelimited) {
      const value = reader.bytes();
      fields.push({ no, wire, type: inner, value: inner ? takeApart(inner, value) : value });
    } else {
      const from = reader.pos;
      reader.skip(wire, no);
      fields.push({ no, wire, type: inner, value: bytes.subarray(from, reader.pos) });
    }
  }
  return fields;
}

function putTogether(fields: readonly Field[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const { no, wire, value } of fields) {
    writer.tag(no, wire);
    if (typeof value === "bigint") writer.uint64(BigInt.asUintN(64, value));
    else if (Array.isArray(value)) writer.bytes(putTogether(value));
    else if (wire === WireType.LengthDelimited) writer.bytes(value);
    else writer.raw(value);
  }
  return writer.finish();
}

/** Numbers at the borders of what fields hold, and small ones. */
const numbers: readonly bigint[] = [
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 18, 127, 128, 1000, 65536].map(BigInt),
  ...[-1, -2, -3, -4, -1000].map(BigInt),
  ...[31n, 32n, 53n, 62n, 63n].flatMap((bits) => [2n ** bits - 1n, 2n ** bits, 2n ** bits + 1n]),
];

/** Names that objects of JavaScript have by themselves, names that look alike, and what no name should be. */
const names: readonly string[] = [
  ...["", "constructor", "toString", "valueOf", "__proto__", "hasOwnProperty", "y", "x", "0", "?", "a b", "\0", "\n"],
  ...[
    "e\u0301",
    "\u00e9",
    "\ufeffx",
    "\u{1f600}",
    "../x",
    "NOTSET",
    "SAME_UPPER",
    "constant",
    "ai.onnx",
    "axis",
    "axes",
  ],
  ...["Relu", "Add", "Identity", "Squeeze", "TopK", "Softmax", "Gather", "Concat", "Constant", "If", "com.microsoft"],
];

const pick = <T>(random: Random, list: readonly T[]): T => list[random.int(list.length)];
const copyOf = (f: Field): Field => ({ ...f, value: Array.isArray(f.value) ? f.value.map(copyOf) : f.value });

/** Every message of a file, the file first. */
function messagesOf(fields: Field[], into: Field[][] = []): Field[][] {
  into.push(fields);
  for (const { value } of fields) if (Array.isArray(value)) messagesOf(value, into);
  return into;
}

function alterBytes(random: Random, bytes: Uint8Array, all: readonly Field[]): Uint8Array {
  switch (random.int(5)) {
    case 0:
      return new TextEncoder().encode(pick(random, names));
    case 1: {
      const other = pick(random, all).value;
      return other instanceof Uint8Array ? other : bytes.subarray(1);
    }
    case 2:
      return bytes.subarray(0, random.int(bytes.length + 1));
    case 3:
      return Uint8Array.from([...bytes.subarray(0, 4096), random.int(256)]);
    default:
      return flipped(random, bytes);
  }
}

function flipped(random: Random, bytes: Uint8Array): Uint8Array {
  const damaged = bytes.slice();
  if (damaged.length > 0) damaged[random.int(damaged.length)] ^= 1 << random.int(8);
  return damaged;
}

function alter(random: Random, field: Field, all: readonly Field[]): void {
  const { value } = field;
  if (Array.isArray(value)) value.length = random.int(value.length + 1);
  else if (typeof value === "bigint") field.value = random.int(3) ? pick(random, numbers) : value + 1n;
  else if (field.wire === WireType.LengthDelimited) field.value = alterBytes(random, value, all);
  else field.value = random.int(2) ? flipped(random, value) : value.map(() => (random.int(2) ? 0xff : 0x7f));
}

/** One change to a message's fields. */
type Change = (random: Random, fields: Field[], at: number, all: readonly Field[]) => void;

const changes: readonly Change[] = [
  (random, fields, at, all) => alter(random, fields[at], all),
  (random, fields, at, all) => alter(random, fields[at], all),
  (_, fields, at) => void fields.splice(at, 1),
  (random, fields, at) => void fields.splice(random.int(fields.length + 1), 0, copyOf(fields[at])),
  (random, fields, at) => {
    const other = random.int(fields.length);
    [fields[at], fields[other]] = [fields[other], fields[at]];
  },
  // what stands elsewhere under the same number and type
  (random, fields, at, all) => {
    const like = all.filter((f) => f.no === fields[at].no && f.type === fields[at].type && f.wire === fields[at].wire);
    fields[at] = copyOf(pick(random, like));
  },
  // another number: a field is taken for its neighbour, or nobody knows it
  (random, fields, at) => {
    fields[at] = { ...copyOf(fields[at]), no: 1 + random.int(30) };
  },
  // a number where there was none
  (random, fields, at) => {
    const value = pick(random, numbers);
    fields.splice(at, 0, { no: 1 + random.int(21), wire: WireType.Varint, type: undefined, value });
  },
];

function changedFields(bytes: Uint8Array, random: Random): Uint8Array {
  const file = takeApart("ModelProto", bytes);
  for (let k = random.int(3); k >= 0; k--) {
    const messages = messagesOf(file).filter((m) => m.length > 0);
    if (messages.length === 0) break;
    const fields = pick(random, messages);
    pick(random, changes)(random, fields, random.int(fields.length), messages.flat());
  }
  return putTogether(file);
}

function changedBytes(bytes: Uint8Array, random: Random): Uint8Array {
  if (random.int(4) === 0) return bytes.slice(0, random.int(bytes.length + 1));
  let damaged = bytes;
  for (let k = random.int(4); k >= 0; k--) damaged = flipped(random, damaged);
  return damaged;
}

/**
 * A damaged copy of an ONNX file.
 * @param bytes a well-formed file
 * @param seed, number name the copy: the same two give the same bytes
 * @returns nine times in ten a well-formed message with one to three changed fields; else the file with changed bytes or cut
 */
export function onnxMutant(bytes: Uint8Array, seed: number, number: number): Uint8Array {
  const random = new Random(seed, "verify", number);
  return random.int(10) ? changedFields(bytes, random) : changedBytes(bytes, random);
}
