import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readTokenizer } from "./tokenizer-files.ts";

const fixture = join(import.meta.dirname, "../../../test/fixtures/text/tiny-bert");
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "espalier-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("a folder is read with what lies in it, a file with what lies beside it", async () => {
  for (const path of [fixture, join(fixture, "tokenizer.json")]) {
    const { pad, maxLength, positions } = await readTokenizer(path);
    expect({ pad, maxLength, positions }).toEqual({ pad: 0, maxLength: 48, positions: 48 });
  }
});

test("what is missing or damaged is named by its file", async () => {
  await expect(readTokenizer(folder)).rejects.toThrow(/no tokenizer.json/);
  await expect(readTokenizer(join(folder, "none.json"))).rejects.toThrow(/none.json/);
  const copy = join(folder, "copy");
  await cp(fixture, copy, { recursive: true });
  await writeFile(join(copy, "tokenizer.json"), '{"model": ');
  await expect(readTokenizer(copy)).rejects.toThrow(/no JSON[\s\S]*copy[/\\]tokenizer.json/);
  await writeFile(join(copy, "tokenizer.json"), '{"model": {"type": "Magic"}}');
  await expect(readTokenizer(copy)).rejects.toThrow(/Magic/);
  await cp(fixture, copy, { recursive: true, force: true });
  await writeFile(join(copy, "tokenizer_config.json"), '{"pad_token": 5}');
  await expect(readTokenizer(copy)).rejects.toThrow(/copy[/\\]tokenizer_config.json[\s\S]*pad_token/);
});
