/** A run that is followed from outside: TensorBoard's files and the live page, on the command line. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";

const { espalier, asked, at, json } = commandLine();
const BASE = "train --model logistic --data digits --limit-train 200 --epochs 2 --optimizer sgd --threads 1".split(" ");
const EVENTS = "events.out.tfevents.1.espalier";

test("event files lie beside the run, or in a folder of its name; a finished run leaves them", async () => {
  expect((await espalier(...BASE, "--tensorboard", "--out", "runs/a")).status).toBe(0);
  const text = (await readFile(at("runs/a", EVENTS))).toString("latin1");
  expect(text.match(/accuracy\/test/g)).toHaveLength(2);
  expect(text).toContain("_hparams_/session_start_info");
  expect((await json("runs/a", "run.json")).config.tensorboard).toBe(true);
  expect((await espalier(...BASE, "--tensorboard", "boards", "--out", "runs/b")).status).toBe(0);
  expect(existsSync(at("boards/runs/b", EVENTS))).toBe(true);
  expect(existsSync(at("runs/b", EVENTS))).toBe(false);
  await espalier(...BASE, "--out", "runs/a", "--overwrite");
  expect(existsSync(at("runs/a", EVENTS))).toBe(false);
});

test("the page's address is said, and neither page nor port is part of the run", async () => {
  const ran = await espalier(...BASE, "--watch", "--out", "runs/c");
  expect(ran.stdout + ran.stderr).toMatch(/follow the run at http:\/\/127\.0\.0\.1:\d+\//);
  expect(ran.status).toBe(0);
  expect((await json("runs/c", "run.json")).config.watch).toBeUndefined();
});

test.each<[string, string[], RegExp]>([
  ["no port", ["--watch=tomorrow"], /watch cannot be tomorrow[\s\S]*a port, 0 … 65535/],
  ["too large a port", ["--watch=70000"], /got +70000/],
])("%s is refused before anything starts", async (_, flags, said) => {
  const { status, stderr } = await asked(...BASE, ...flags, "--out", "never");
  expect(stderr).toMatch(said);
  expect(status).toBe(2);
  expect(existsSync(at("never"))).toBe(false);
});

test("a run that ends at guessing says why and what to change, in words and as data", async () => {
  const flags = "--optimizer prox-sgd --groups input-channel --lambda 5 --out runs/empty --overwrite".split(" ");
  const run = BASE.slice(0, BASE.indexOf("--optimizer"));
  const ran = await espalier(...run, ...flags, "--threads", "1", "--json");
  expect(ran.status).toBe(0);
  expect(ran.stderr).toMatch(
    /note: the model collapsed: test accuracy [\d.]+ %, where always answering [\s\S]* became zero/,
  );
  expect(ran.stderr).toContain("a smaller lambda (it was 5), a longer lambda-warmup");
  const { collapse } = JSON.parse(ran.stdout).summary;
  expect(collapse).toMatchObject({ guessing: 0.1, alikeFrom: { op: "Gemm" } });
  expect(collapse.zeroWeights).toHaveLength(1);
  expect((await json("runs/empty", "summary.json")).collapse).toEqual(collapse);
});
