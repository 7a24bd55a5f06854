/** A run directory under failure: what is there stays whole, and the message names path and reason. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { EspalierError } from "../error.ts";
import { directory } from "./directory.ts";
import { temporaryFor } from "./whole-files.ts";

const root = mkdtempSync(join(tmpdir(), "espalier-directory-"));
afterAll(() => rmSync(root, { recursive: true }));
const bytes = (text: string) => new TextEncoder().encode(text);

test("what a killed process left of a file goes when the file is written again, and nothing else", async () => {
  const path = join(root, "killed");
  const never = 4194305; // above Linux's largest pid
  const elsewhere = `x.0000-${never}-0.tmp`; // of another machine, where its process may run
  const others = ["mine.tmp", temporaryFor("notes", never), temporaryFor("x", process.ppid), elsewhere];
  mkdirSync(path);
  for (const name of [temporaryFor("x", never), ...others]) writeFileSync(join(path, name), "half");
  await directory(path).write("x", bytes("whole"));
  expect(readdirSync(path).sort()).toEqual([...others, "x"].sort());
});

test("writes of one file at once: it is one of them, whole", async () => {
  const store = directory(join(root, "at-once"));
  const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(10_000));
  await Promise.all(texts.map((text) => store.write("x", bytes(text))));
  expect(texts).toContain(new TextDecoder().decode(await store.read("x")));
  expect(readdirSync(join(root, "at-once"))).toEqual(["x"]);
});

test("a write that fails leaves no temporary file and says why", async () => {
  const path = join(root, "taken");
  mkdirSync(join(path, "x", "inside"), { recursive: true }); // a folder stands where the file should go
  const failed = await directory(path)
    .write("x", bytes("new"))
    .catch((e) => e);
  expect(failed).toBeInstanceOf(EspalierError);
  expect(failed.message).toMatch(/^cannot write x\n {2}path +.*taken\n/);
  expect(readdirSync(path)).toEqual(["x"]);

  writeFileSync(join(root, "file"), "");
  await expect(directory(join(root, "file", "run")).write("x", bytes("new"))).rejects.toThrow(
    "a part of the path is a file, not a folder",
  );
  if (process.platform === "linux")
    await expect(directory("/proc/run/a").write("x", bytes("new"))).rejects.toThrow("no folder can be made there");
});

test.skipIf(process.platform !== "linux")("a full disk is said to be one (Linux has one to try)", async () => {
  const path = join(root, "full");
  mkdirSync(path);
  symlinkSync("/dev/full", join(path, "metrics.jsonl")); // refuses every byte
  await expect(directory(path).append("metrics.jsonl", "a line")).rejects.toThrow(
    /^cannot write metrics\.jsonl\n.*\n {2}reason +the disk is full\n/,
  );
});
