/** Nobody reads any more what a run says (`espalier train … | head -1`): it stops with its checkpoint, and ends later with the same bytes. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const { espalier, at } = commandLine();
const ARGS =
  "train --model logistic --data digits --limit-train 300 --epochs 40 --optimizer sgd --threads 1 --out".split(" ");
const model = (name: string) => readFileSync(at(name, "model.onnx"));

beforeAll(async () => {
  const { status, stderr } = await espalier(...ARGS, "whole");
  expect(status, stderr).toBe(0);
});

type Stream = "stdout" | "stderr";

/** Closes these ends of its pipes as soon as something comes out of the first of them, or at once if nothing will. */
function closing(ends: readonly Stream[], args: readonly string[], { atOnce = false } = {}): Promise<number> {
  const child = spawn(process.execPath, [main, ...args], { cwd: at() });
  const close = () => ends.forEach((end) => void child[end].destroy());
  if (atOnce) close();
  else child[ends[0]].once("data", close);
  for (const end of ["stdout", "stderr"] as const) child[end].resume();
  return new Promise((resolve) => child.on("exit", (code) => resolve(Number(code))));
}

test.skipIf(process.platform === "win32").each<[string, readonly Stream[], readonly string[]]>([
  ["standard output", ["stdout"], []],
  ["standard error, where --json has its lines go", ["stderr"], ["--json"]],
  ["both", ["stdout", "stderr"], []],
])(
  "%s is closed after a line: a checkpoint, a status other than 0, the same bytes in the end",
  async (_, ends, more) => {
    const out = ends.join("-");
    expect(await closing(ends, [...ARGS, out, ...more])).toBe(141);
    expect(existsSync(at(out, "checkpoint.safetensors"))).toBe(true);
    expect(existsSync(at(out, "summary.json"))).toBe(false);
    expect(existsSync(at(out, ".lock"))).toBe(false);
    const resumed = await espalier("train", "--resume", "--out", out);
    expect(resumed.status, resumed.stderr).toBe(0);
    expect(resumed.stdout).toContain("going on in epoch");
    expect(model(out).equals(model("whole"))).toBe(true);
  },
);

test.skipIf(process.platform === "win32")(
  "a result that nobody reads is whole all the same, and the status says it was not read",
  async () => {
    expect(await closing(["stdout"], [...ARGS, "unread", "--json"], { atOnce: true })).toBe(141);
    expect(existsSync(at("unread", "summary.json"))).toBe(true);
    expect(model("unread").equals(model("whole"))).toBe(true);
  },
);

test.skipIf(process.platform === "win32")(
  "a command without a run ends well when its reader has seen enough",
  async () => {
    expect(await closing(["stdout"], ["inspect", at("whole", "model.onnx")], { atOnce: true })).toBe(0);
  },
);

test.skipIf(process.platform === "win32")("a terminal that is closed stops a run as Ctrl-C does", async () => {
  const child = spawn(process.execPath, [main, ...ARGS, "hung-up"], { cwd: at() });
  child.stdout.once("data", () => child.kill("SIGHUP"));
  child.stderr.resume();
  expect(await new Promise((resolve) => child.on("exit", resolve))).toBe(129);
  expect(existsSync(at("hung-up", "checkpoint.safetensors"))).toBe(true);
});

test.skipIf(process.platform === "win32")("ended at once by a second signal, it leaves no lock", async () => {
  const child = spawn(process.execPath, [main, ...ARGS, "twice"], { cwd: at() });
  child.stdout.once("data", () => {
    child.kill("SIGINT");
    child.kill("SIGTERM");
  });
  child.stderr.resume();
  expect([130, 143]).toContain(await new Promise((resolve) => child.on("exit", resolve)));
  expect(existsSync(at("twice", "run.json"))).toBe(true);
  expect(existsSync(at("twice", ".lock"))).toBe(false);
});

test("a run that goes on with other threads says that it need not end with the same bytes", async () => {
  const stopped = await closing(["stdout"], [...ARGS, "threads"]);
  expect(stopped).toBe(141);
  const { stderr } = await espalier("train", "--resume", "--out", "threads", "--threads", "2");
  expect(stderr).toMatch(/note: the run goes on with threads 2 \(before 1\): it need not end with the same bytes/);
  const again = await espalier("train", "--resume", "--out", "threads", "--threads", "2");
  expect(again.stderr).toBe("");
});
