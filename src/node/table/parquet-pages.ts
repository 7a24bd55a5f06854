/**
 * Checks the headers of a Parquet file's pages before they are decoded: the decoder believes them, and loops for ever over a damaged one.
 * Headers are Thrift structs in the compact protocol (apache/parquet-format, parquet.thrift: PageHeader).
 */
import type { AsyncBuffer, ColumnMetaData } from "hyparquet";

/** Fields of a struct by their numbers: integers and structs; what is of another type is only stepped over. */
type Struct = Map<number, number | Struct>;

/** Kinds of pages whose headers say what is in them: the field of it, and of that the fields that must be there and be sizes. */
const KINDS: Readonly<
  Record<number, { readonly at: number; readonly sizes: readonly number[]; readonly encoding: number }>
> = {
  0: { at: 5, sizes: [1], encoding: 2 }, // data page
  2: { at: 7, sizes: [1], encoding: 2 }, // dictionary
  3: { at: 8, sizes: [1, 2, 3, 5, 6], encoding: 4 }, // data page of version 2
};
const INDEX_PAGE = 1;
const LAST_ENCODING = 9;
/** Deeper than any header's. */
const DEEPEST = 8;

/** @throws Error that says what of a page is not as it must be */
export async function checkPages(file: AsyncBuffer, column: ColumnMetaData): Promise<void> {
  const from = Number(column.dictionary_page_offset ?? column.data_page_offset);
  const first = Math.min(from > 0 ? from : Number(column.data_page_offset), Number(column.data_page_offset));
  const bytes = new Uint8Array(await file.slice(first, first + Number(column.total_compressed_size)));
  const reader = new Compact(bytes);
  while (reader.at < bytes.length - 1) {
    const header = reader.struct(0);
    const size = sizeIn(header, 3, bytes.length - reader.at, "compressed bytes of a page");
    sizeIn(header, 2, 2 ** 30, "bytes of a page");
    const kind = header.get(1);
    if (kind !== INDEX_PAGE) {
      const wanted = typeof kind === "number" ? KINDS[kind] : undefined;
      const page = wanted && header.get(wanted.at);
      if (!wanted || typeof page !== "object") throw new Error(`a page is of no known kind: ${kind}`);
      const most = Math.max(Number(column.num_values), size);
      for (const field of wanted.sizes) sizeIn(page, field, most, "values of a page");
      sizeIn(page, wanted.encoding, LAST_ENCODING, "encoding of a page");
    }
    reader.at += size;
  }
}

function sizeIn(struct: Struct, field: number, most: number, what: string): number {
  const n = struct.get(field);
  if (typeof n !== "number" || n < 0 || n > most) throw new Error(`${what}: ${n}, not 0 … ${most}`);
  return n;
}

class Compact {
  at = 0;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  struct(depth: number): Struct {
    if (depth > DEEPEST) throw new Error("a header of a page is nested too deeply");
    const fields: Struct = new Map();
    for (let id = 0; ; ) {
      const head = this.byte();
      if (head === 0) return fields;
      id = head >> 4 ? id + (head >> 4) : zigzag(this.varint());
      const value = this.value(head & 15, depth);
      if (value !== undefined) fields.set(id, value);
    }
  }

  /** By the types of the protocol: 1, 2 booleans; 3 … 6 integers; 7 a double; 8 bytes; 9, 10 lists; 11 a map; 12 a struct. */
  private value(type: number, depth: number): number | Struct | undefined {
    if (type === 1 || type === 2) return undefined;
    if (type === 3) return this.byte();
    if (type <= 6) return zigzag(this.varint());
    if (type === 12) return this.struct(depth + 1);
    if (type === 7) return this.skip(8);
    if (type === 8) return this.skip(this.varint());
    if (type === 9 || type === 10) return this.list(depth + 1);
    throw new Error(`a header of a page has a field of type ${type}`);
  }

  private list(depth: number): undefined {
    const head = this.byte();
    const count = head >> 4 === 15 ? this.varint() : head >> 4;
    if (count > this.bytes.length) throw new Error("a header of a page has a list that is too long");
    const type = head & 15;
    for (let i = 0; i < count; i++)
      if (type === 1 || type === 2) this.skip(1);
      else this.value(type, depth);
    return undefined;
  }

  private skip(n: number): undefined {
    this.at += n;
    if (this.at > this.bytes.length) throw new Error("a header of a page is cut short");
    return undefined;
  }

  private byte(): number {
    this.skip(1);
    return this.bytes[this.at - 1];
  }

  private varint(): number {
    let n = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      n += (byte & 127) * scale;
      if (byte < 128) return n;
    }
  }
}

const zigzag = (n: number): number => (n % 2 === 0 ? n / 2 : -(n + 1) / 2);
