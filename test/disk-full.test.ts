/** A disk that fills up, for real: small file systems in memory, which only root may mount on Linux. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const fixture = fileURLToPath(new URL("fixtures/onnx/torch-net-17.onnx", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "espalier-full-"));
const mounted: string[] = [];

/** A file system of so many kB. @throws where mounting is not allowed */
function disk(name: string, size: number): string {
  const path = join(root, name);
  mkdirSync(path);
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}k`, "tmpfs", path], { stdio: "pipe" });
  mounted.push(path);
  return path;
}
const resize = (path: string, size: number) => execFileSync("mount", ["-o", `remount,size=${size}k`, path]);

/** Why these tests cannot run here. */
function refusal(): string | undefined {
  try {
    const { bsize } = statfsSync(disk("probe", 40));
    return bsize === 4096 ? undefined : `pages of ${bsize} bytes are too coarse for so small a file system`;
  } catch (e) {
    return `a small file system cannot be mounted: ${(e as Error).message.trim()}`;
  }
}
const refused = refusal();

afterAll(() => {
  for (const path of mounted) spawnSync("umount", ["-l", path]);
  rmSync(root, { recursive: true });
});

const espalier = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { encoding: "utf8" });
/** Its checkpoint has 64 kB. */
const train = (out: string) =>
  espalier(
    ..."train --model logistic --data digits --limit-train 300 --epochs 3 --optimizer prox-sgd".split(" "),
    ..."--groups input-channel --threads 1 --out".split(" "),
    out,
  );
const FULL = /^error: cannot write .*\n {2}(?:path|file) .*\n {2}reason +the disk is full\n {2}fix +free space/m;

test("full at the first checkpoint: said, and nothing half-written is left", (ctx) => {
  ctx.skip(refused !== undefined, refused);
  const out = join(disk("first", 40), "run");
  const { status, stderr } = train(out);
  expect([status, stderr]).toEqual([1, expect.stringMatching(FULL)]);
  expect(readdirSync(out).sort()).toEqual(["metrics.jsonl", "run.json"]);
});

test("full at a later checkpoint: the one before stays, and with more space the run ends with the same bytes", (ctx) => {
  ctx.skip(refused !== undefined, refused);
  const small = disk("later", 112);
  const out = join(small, "run");
  const { status, stderr } = train(out);
  expect([status, stderr]).toEqual([1, expect.stringMatching(FULL)]);
  expect(readdirSync(out).sort()).toEqual(["checkpoint.safetensors", "metrics.jsonl", "run.json"]);

  resize(small, 1024);
  const resumed = espalier("train", "--resume", "--out", out);
  expect(resumed.status, resumed.stderr).toBe(0);
  const whole = join(root, "whole");
  expect(train(whole).status).toBe(0);
  expect(readFileSync(join(out, "model.onnx"))).toEqual(readFileSync(join(whole, "model.onnx")));
});

test("a full disk leaves the file that shrink would have replaced", (ctx) => {
  ctx.skip(refused !== undefined, refused);
  const small = disk("shrink", 8);
  const to = join(small, "out.onnx");
  writeFileSync(to, "what was there");
  writeFileSync(join(small, "rest"), new Uint8Array(4096));
  const { status, stderr } = espalier("shrink", fixture, to);
  expect([status, stderr]).toEqual([1, expect.stringMatching(FULL)]);
  expect(readdirSync(small).sort()).toEqual(["out.onnx", "rest"]);
  expect(readFileSync(to, "utf8")).toBe("what was there");
});
