/** Columns that grow row by row, each of one kind from its first values on. */
import { EspalierError } from "../../error.ts";
import { option, say } from "../../message.ts";
import { hasDecimalComma, hasThousands, isMissing, numberInCell, shownCell } from "./cells.ts";
import type { TableColumn } from "./rows.ts";

/** A text column has at most so many different values: more are no categories. */
const MOST_VALUES = 10_000;

type Place = Readonly<Record<string, string | number>>;

/** A column that grows. */
export interface GrowingColumn {
  /** Of what it holds now. */
  readonly bytes: number;
  /** @throws EspalierError naming the row for what is not of the column's kind */
  add(value: unknown, place: Place): void;
  done(): TableColumn;
}

/** Numbers that double their room. */
class Growing<T extends Float64Array | Int32Array> {
  private room: T;
  length = 0;
  private readonly make: (n: number) => T;

  constructor(make: (n: number) => T) {
    this.make = make;
    this.room = make(1024);
  }
  push(value: number): void {
    if (this.length === this.room.length) {
      const larger = this.make(2 * this.length);
      larger.set(this.room);
      this.room = larger;
    }
    this.room[this.length++] = value;
  }
  get bytes(): number {
    return this.room.byteLength;
  }
  done(): T {
    return this.room.slice(0, this.length) as T;
  }
}
const float64 = () => new Growing((n) => new Float64Array(n));

function wrong(name: string, value: unknown, place: Place, wanted: string): EspalierError {
  const details = { ...place, column: name, got: shownCell(value), wanted };
  if (value instanceof Date)
    return new EspalierError(
      "unsupported",
      "a column holds times, which are neither numbers nor categories",
      details,
      say`write them as numbers that mean something to the model, such as days since the first, or name the column in ${option("skipColumns")}`,
    );
  if (typeof value === "string" && (hasDecimalComma(value) || hasThousands(value)))
    return new EspalierError("unsupported", "a number is written with a comma", details, "write numbers as 1234.5");
  return new EspalierError(
    "mismatch",
    "a value is not what its column holds",
    details,
    typeof value === "string"
      ? say`correct it, or name the column in ${option("categorical")} or in ${option("skipColumns")}`
      : say`correct it, or name the column in ${option("skipColumns")}`,
  );
}

function numbers(name: string): GrowingColumn {
  const values = float64();
  return {
    get bytes() {
      return values.bytes;
    },
    add(value, place) {
      if (isMissing(value)) return values.push(Number.NaN);
      const number =
        typeof value === "string"
          ? numberInCell(value)
          : typeof value === "number"
            ? value
            : typeof value === "bigint" || typeof value === "boolean"
              ? Number(value)
              : undefined;
      if (number === undefined) throw wrong(name, value, place, "a number");
      if (!Number.isFinite(Math.fround(number)))
        throw new EspalierError("not-finite", "a number is not finite in float32", {
          ...place,
          column: name,
          got: String(number),
          wanted: "a finite number",
        });
      values.push(number);
    },
    done: () => ({ kind: "numbers", name, numbers: values.done() }),
  };
}

/** @param most different values, beyond which they are no categories; undefined: texts as they stand, of which any may differ */
function texts(name: string, most: number | undefined): GrowingColumn {
  const codes = new Growing((n) => new Int32Array(n));
  const index = new Map<string, number>();
  let characters = 0;
  return {
    get bytes() {
      return codes.bytes + 2 * characters;
    },
    add(value, place) {
      if (most === undefined ? value === null || value === undefined || String(value).trim() === "" : isMissing(value))
        return codes.push(-1);
      if (typeof value === "object") throw wrong(name, value, place, "text or a number");
      const text = most === undefined ? String(value) : String(value).trim();
      let code = index.get(text);
      if (code === undefined) {
        code = index.size;
        index.set(text, code);
        characters += text.length;
        if (most !== undefined && index.size > most)
          throw new EspalierError(
            "too-large",
            "a column of texts has too many different values for categories",
            { ...place, column: name, got: `more than ${most}` },
            say`name it in ${option("skipColumns")}`,
          );
      }
      codes.push(code);
    },
    done: () => ({ kind: "texts", name, codes: codes.done(), values: [...index.keys()] }),
  };
}

/** The shape of nested lists of numbers; undefined when they are no such thing. */
function shapeOf(value: unknown): number[] | undefined {
  if (ArrayBuffer.isView(value) && "length" in value) return [(value as Uint8Array).length];
  if (!Array.isArray(value))
    return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean" ? [] : undefined;
  const inner = value.map(shapeOf);
  if (inner.length === 0 || inner.some((s) => s === undefined || s.join() !== inner[0]!.join())) return undefined;
  return [value.length, ...inner[0]!];
}

function vectors(name: string, first: unknown): GrowingColumn {
  const values = float64();
  const shape = shapeOf(first) ?? [];
  const put = (value: unknown): void => {
    if (Array.isArray(value)) for (const v of value) put(v);
    else values.push(Number(value));
  };
  return {
    get bytes() {
      return values.bytes;
    },
    add(value, place) {
      const of = shapeOf(value);
      if (of === undefined || of.join() !== shape.join())
        throw new EspalierError(
          "mismatch",
          "lists of a column differ",
          {
            ...place,
            column: name,
            got: of ? `[${of}]` : shownCell(value),
            wanted: `[${shape}] numbers, as the first row has`,
          },
          say`fill them up to one length, or leave the rows out; tags of words want a tokenizer: ${option("tokenizer")}`,
        );
      const from = values.length;
      put(Array.isArray(value) ? value : Array.from(value as ArrayLike<number>));
      const odd = values.length - from !== shape.reduce((a, b) => a * b, 1);
      if (odd) throw wrong(name, value, place, `[${shape}] numbers`);
    },
    done: () => ({ kind: "vectors", name, numbers: values.done(), shape }),
  };
}

const isPlain = (v: unknown): boolean => typeof v === "string" || typeof v === "bigint" || Number.isInteger(v);

/** Lists of words, or of the tags of words. */
function lists(name: string): GrowingColumn {
  const all: (readonly string[] | null)[] = [];
  let characters = 0;
  return {
    get bytes() {
      return 2 * characters;
    },
    add(value, place) {
      if (isMissing(value)) return void all.push(null);
      const list = Array.isArray(value)
        ? value
        : ArrayBuffer.isView(value)
          ? Array.from(value as Int32Array)
          : undefined;
      const odd = list?.findIndex((v) => !isPlain(v)) ?? -1;
      if (list === undefined || odd >= 0)
        throw wrong(name, list ? list[odd] : value, place, "a list of texts, or of whole numbers");
      const texts = list.map(String);
      characters += texts.reduce((sum, { length }) => sum + length + 8, 8);
      all.push(texts);
    },
    done: () => ({ kind: "lists", name, lists: all }),
  };
}

/** Bytes, or Hugging Face's { bytes, path } of an image that lies in the file. */
function bytesIn(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  const held = typeof value === "object" && value !== null && "bytes" in value ? value.bytes : undefined;
  return held instanceof Uint8Array ? held : undefined;
}

function bytes(name: string): GrowingColumn {
  const all: (Uint8Array | null)[] = [];
  let held = 0;
  return {
    get bytes() {
      return held;
    },
    add(value, place) {
      const found = isMissing(value) ? null : bytesIn(value);
      if (found === undefined) throw wrong(name, value, place, "bytes");
      held += found?.length ?? 0;
      all.push(found);
    },
    done: () => ({ kind: "bytes", name, bytes: all }),
  };
}

/** Of texts that are mostly numbers the few others are mistakes, not categories. */
const MOSTLY = 0.9;

/**
 * A column of the kind that its first values are of.
 * @param asTexts whatever they are
 * @param free whether texts are texts, and not the values of a few categories
 * @param tags whether lists of whole numbers are the tags of words, which may differ in number
 */
export function growingColumn(
  name: string,
  first: readonly unknown[],
  { asTexts, free, tags }: { readonly asTexts: boolean; readonly free: boolean; readonly tags: boolean },
): GrowingColumn {
  const most = free ? undefined : MOST_VALUES;
  const there = first.filter((v) => !isMissing(v));
  const list = there.find((v) => Array.isArray(v) || (ArrayBuffer.isView(v) && !bytesIn(v)));
  const ofTexts = there.some((v) => Array.isArray(v) && v.some((item) => typeof item === "string"));
  if (list !== undefined && (ofTexts || tags)) return lists(name);
  if (asTexts) return texts(name, most);
  if (there.some((v) => bytesIn(v))) return bytes(name);
  if (list !== undefined) return vectors(name, list);
  const isNumber = (v: unknown) =>
    typeof v === "string"
      ? numberInCell(v) !== undefined || hasDecimalComma(v) || hasThousands(v)
      : v !== null && typeof v !== "object";
  const share = there.length === 0 ? 1 : there.filter(isNumber).length / there.length;
  return share >= MOSTLY && there.every((v) => typeof v !== "object") ? numbers(name) : texts(name, most);
}
