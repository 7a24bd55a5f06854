/** Damaged and hostile files: a clear error that names the field or the byte; never a crash, a hang, a huge allocation. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { EspalierError } from "../error.ts";
import { type Builder, builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import { read } from "./read.ts";
import { encode, write } from "./write.ts";

const folder = fileURLToPath(new URL("../../test/fixtures/onnx/", import.meta.url));
const bytesOf = (name: string) => new Uint8Array(readFileSync(folder + name));
const seeds = [
  "conv-9.onnx",
  "moved-18.onnx",
  "opaque.onnx",
  "dtypes.onnx",
  "torch-net-17.onnx",
  "torch-net-dynamo.onnx",
];

/** What came of it: "parses", or the error's first line. Any other exception fails the test. */
function outcome(bytes: Uint8Array): string {
  const start = performance.now();
  try {
    write(read(bytes));
    return "parses";
  } catch (e) {
    if (!(e instanceof EspalierError)) throw e;
    expect(e.fix, e.message).toBeDefined();
    return String(e.what);
  } finally {
    expect(performance.now() - start).toBeLessThan(2000);
  }
}

test.each(seeds)("%s cut at every byte", (file) => {
  const bytes = bytesOf(file);
  const outcomes = new Set<string>();
  for (let n = 0; n < bytes.length; n += 3) outcomes.add(outcome(bytes.subarray(0, n)));
  expect(outcomes.size).toBeGreaterThan(1);
});

test.each(seeds)("%s with flipped bits", (file) => {
  const bytes = bytesOf(file);
  const random = new Random(1, "verify");
  const outcomes = new Set<string>();
  for (let i = 0; i < 300; i++) {
    const damaged = bytes.slice();
    for (let k = random.int(3); k >= 0; k--) damaged[random.int(bytes.length)] ^= 1 << random.int(8);
    outcomes.add(outcome(damaged));
  }
  expect(outcomes.size).toBeGreaterThan(5);
});

test("random bytes and spliced files", () => {
  const random = new Random(2, "verify");
  const files = readdirSync(folder).filter((f) => f.endsWith(".onnx") && f !== "external.onnx");
  for (let i = 0; i < 300; i++) {
    outcome(Uint8Array.from({ length: random.int(200) }, () => random.int(256)));
    const [a, b] = [0, 1].map(() => bytesOf(files[random.int(files.length)]));
    const at = random.int(a.length);
    outcome(Uint8Array.from([...a.subarray(0, at), ...b.subarray(random.int(b.length))]));
  }
});

test("dimensions that no memory holds are refused when the file is read", () => {
  const huge = (shape: readonly number[], body: (g: Builder, x: Value) => Value) => {
    const g = builder();
    g.output(body(g, g.input("x", "float32", shape)), "y");
    return outcome(encode(g.build()));
  };
  const sum = (g: Builder, v: Value) => g.ReduceSum(v, { axes: [0, 1], keepdims: 0 });
  expect([
    huge([100_000, 100_000], (g, x) => g.Relu(x)),
    huge([1, 2 ** 52], (g, x) => g.Relu(x)),
    huge([1, 1], (g, x) => sum(g, g.Expand(x, { shape: [100_000, 100_000] }))),
    huge([1, 4], (g, x) => sum(g, g.Pad(x, { pads: [0, 2 ** 40, 0, 0] }))),
    huge([1, 4], (g, x) => sum(g, g.Tile(x, { repeats: [1, 2 ** 40] }))),
  ]).toEqual(Array(5).fill("a value is too large"));
});
