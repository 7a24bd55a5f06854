/** Damaged tables and arrays of a user's own: CSV, JSON Lines, Parquet, .npz and .npy, read with options that need not fit. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type DataCheck, datasets, type OpenOptions } from "espalier/node";
import { zipSync } from "fflate";
import { parquetWriteBuffer } from "hyparquet-writer";
import type { Random } from "../../src/math/random.ts";
import { mutatedBytes } from "../mutate/bytes.ts";
import { chance, pick } from "../mutate/pick.ts";
import { mutatedTree } from "../mutate/tree.ts";
import type { Attempt, Suite } from "../suite.ts";

/** Values as they stand in tables, few of them good. */
const ODD = [
  "",
  "NA",
  "1,5",
  "1.234,5",
  "1e999",
  "abc",
  '"',
  '"a""b"',
  "\u0000",
  "🙂",
  "-0",
  "0x10",
  "9".repeat(40),
  "null",
  "[]",
  " ",
];

interface Rows {
  readonly names: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

function rowsOf(random: Random): Rows {
  const count = 6 + random.int(30);
  const names = ["a", "kind", "c", pick(random, ["label", "y", "other"])];
  const label = pick(random, [
    (i: number) => i % 3,
    (i: number) => ["x", "y"][i % 2],
    (i: number) => i / 4,
    (i: number) => 1 + (i % 2),
  ]);
  const odd = chance(random, 0.5) ? 0.03 : 0;
  const cell = (value: string | number) => (chance(random, odd) ? pick(random, ODD) : value);
  return {
    names,
    rows: Array.from({ length: count }, (_, i) =>
      [random.normal(), pick(random, ["p", "q"]), random.int(4), label(i)].map(cell),
    ),
  };
}

const encoded = (text: string): Uint8Array => new TextEncoder().encode(text);

function csv(random: Random, { names, rows }: Rows): Uint8Array {
  const by = pick(random, [",", ";", "\t"]);
  const end = pick(random, ["\n", "\r\n"]);
  const lines = chance(random, 0.8) ? [names, ...rows] : rows;
  return encoded((chance(random, 0.2) ? "\uFEFF" : "") + lines.map((row) => row.join(by)).join(end));
}

const jsonLines = (random: Random, { names, rows }: Rows): Uint8Array =>
  encoded(
    rows
      .map((row) =>
        Object.fromEntries(row.map((value, i) => [names[i], i === 0 && chance(random, 0.3) ? [value, 1] : value])),
      )
      .map((row) => JSON.stringify(chance(random, 0.03) ? mutatedTree<unknown>(random, row) : row))
      .join("\n"),
  );

const parquet = (random: Random, { names, rows }: Rows): Uint8Array =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: names.map((name, at) => ({ name, data: rows.map((row) => String(row[at])), type: "STRING" })),
      rowGroupSize: 1 + random.int(20),
      kvMetadata: [
        { key: "huggingface", value: JSON.stringify({ info: { features: { label: { names: ["a", "b", "c"] } } } }) },
      ],
    }),
  );

function npy(random: Random, count: number, shape: readonly number[]): Uint8Array {
  const kind = pick(random, ["<f4", "<i8", "|u1"]);
  const head = `{'descr': '${kind}', 'fortran_order': False, 'shape': (${[count, ...shape].join(", ")},), }\n`;
  const size = Number(kind[2]) * shape.reduce((a, b) => a * b, count);
  const body = Uint8Array.from({ length: size }, (_, i) => (i % Number(kind[2]) === 0 ? random.int(3) : 0));
  return Uint8Array.from([
    0x93,
    ...encoded("NUMPY"),
    1,
    0,
    head.length & 255,
    head.length >> 8,
    ...encoded(head),
    ...body,
  ]);
}

const npz = (random: Random): Uint8Array =>
  zipSync({
    "x.npy": npy(random, 8, [2]),
    "y.npy": npy(random, 8, pick(random, [[], [1], [3]])),
    ...(chance(random, 0.3) && { "x_test.npy": npy(random, 4, [2]) }),
  });

const formats: Readonly<Record<string, (random: Random) => Uint8Array>> = {
  "t.csv": (random) => csv(random, rowsOf(random)),
  "t.csv.gz": (random) => new Uint8Array(gzipSync(csv(random, rowsOf(random)))),
  "t.tsv": (random) => csv(random, rowsOf(random)),
  "t.jsonl": (random) => jsonLines(random, rowsOf(random)),
  "t.parquet": (random) => parquet(random, rowsOf(random)),
  "data/train-00000.parquet": (random) => parquet(random, rowsOf(random)),
  "train.csv": (random) => csv(random, rowsOf(random)),
  "t.npz": npz,
  "x.npy": (random) => npy(random, 8, [2]),
};

function optionsFor(random: Random): OpenOptions {
  const columns = () => [pick(random, ["a", "kind", "c", "label", "y", "none"])];
  const all: OpenOptions = {
    labelColumns: columns(),
    inputColumns: columns(),
    skipColumns: columns(),
    categorical: columns(),
    labelKind: pick(random, ["classes", "numbers", "places"]),
    missing: pick(random, ["refuse", "mean", "drop"]),
    standardize: chance(random, 0.5),
    testSplit: 0.3,
    classes: ["0", "1", "2"],
    encoding: pick(random, [
      null,
      { columns: [{ name: "a", mean: 1, std: 2 }], labels: ["label"], classes: ["x", "y"] },
    ]),
  };
  return Object.fromEntries(Object.entries(all).filter(() => chance(random, 0.25)));
}

async function attempted({ random, folder, keep }: Attempt): Promise<string> {
  const name = pick(random, Object.keys(formats));
  mkdirSync(join(folder, "data"), { recursive: true });
  const bytes = formats[name](random);
  keep(name, chance(random, 0.6) ? mutatedBytes(random, bytes) : bytes);
  if (name === "train.csv" && chance(random, 0.5)) keep("test.csv", csv(random, rowsOf(random)));
  const options = optionsFor(random);
  const path = name.startsWith("train") || name.includes("/") ? folder : join(folder, name);
  const found: DataCheck = await datasets.check(path, options);
  if (found.errors.length > 0) throw found.errors[0];
  return "read";
}

export const fuzzTables: Suite = {
  name: "fuzz-tables",
  about:
    "mutated tables and arrays of a user's own (CSV, JSON Lines, Parquet, .npz, .npy), with options that need not fit: checked",
  share: 1,
  run: attempted,
};
