/** What is read can be written, and what is written reads back equal: on damaged copies of the fixtures. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { bytesOf } from "../../test/support/onnx-files.ts";
import { onnxMutant } from "../../test/support/onnx-mutants.ts";
import { brokenPromise } from "../../test/support/reading-property.ts";

const folder = fileURLToPath(new URL("../../test/fixtures/onnx/", import.meta.url));
const files = readdirSync(folder)
  .filter((f) => f.endsWith(".onnx"))
  .map((file) => ({ file, bytes: bytesOf(file) }));
const COPIES = 15;
const beside = bytesOf("external.bin");
/** Whatever a file asks for lies in its folder. */
function external(location: string): Uint8Array {
  if (/^[/\\]|^[A-Za-z]:|(?:^|[/\\])\.\.(?:[/\\]|$)/.test(location)) throw new Error(`${location} is outside`);
  return beside;
}
/** New every time; a failure names it. */
const fresh = Math.floor(Date.now() / 1000) % 2 ** 31;

test.each([1, 2, fresh])("damaged files with seed %i", (seed) => {
  const outcomes = new Set<string | undefined>();
  for (const { file, bytes } of files)
    for (let i = 0; i < COPIES; i++) {
      try {
        outcomes.add(brokenPromise(onnxMutant(bytes, seed, i), external));
      } catch (e) {
        throw new Error(`${file}, seed ${seed}, copy ${i}`, { cause: e });
      }
    }
  expect(outcomes).toContain(undefined);
  expect(outcomes.size).toBeGreaterThan(10);
});
