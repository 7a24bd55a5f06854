/** A researcher's switches on the command line. */

import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";

const { espalier, at, json } = commandLine();
const BASE = "train --model logistic --data digits --limit-train 200 --optimizer sgd --threads 1 --json".split(" ");

test("steps, order, sparse scoring and a log of steps; a resume needs none of them", async () => {
  await writeFile(at("order.txt"), Array.from({ length: 200 }, (_, i) => 199 - i).join("\n"));
  const flags = "--steps 5 --batch-size 100 --eval-every 2 --log-steps --order order.txt --out run".split(" ");
  const ran = await espalier(...BASE, ...flags);
  expect(ran.stderr).not.toContain("error");
  expect(ran.status).toBe(0);
  const { summary } = JSON.parse(ran.stdout);
  expect(summary.epochs).toBe(3);
  const { config } = await json("run", "run.json");
  expect(config).toMatchObject({ steps: 5, order: "order.txt", evalEvery: 2, logSteps: true });
  expect(config.epochs).toBeUndefined();
  expect((await espalier("train", "--resume", "--out", "run")).status).toBe(0);
});

test("the order of the data can be kept, from a flag and from a file", async () => {
  await writeFile(at("plain.yaml"), "shuffle: false\n");
  for (const how of [["--no-shuffle"], ["--config", "plain.yaml"], ["--set", "shuffle=false"]]) {
    expect((await espalier(...BASE, "--epochs", "1", ...how, "--out", "plain", "--overwrite")).status).toBe(0);
    expect((await json("plain", "run.json")).config.shuffle).toBe(false);
  }
  expect((await espalier("train", "--help")).stdout).toContain("--no-shuffle");
});

test.each<[string, string, string[], RegExp]>([
  ["a line that is no index", "3\n\nx\n", [], /file +order\.txt\n +at +line 3\n +got +x/],
  ["a sample that there is not", `${"0\n".repeat(199)}200\n`, [], /got +200 at place 200/],
  ["too few", "0\n1\n", [], /got +2 indices/],
  ["two lengths", "0\n", ["--steps", "3"], /got +--steps 3 --epochs 1/],
])("%s is refused before anything starts", async (_, text, more, said) => {
  await writeFile(at("order.txt"), text);
  const { status, stderr } = await espalier(
    ...BASE,
    "--epochs",
    "1",
    "--order",
    "order.txt",
    ...more,
    "--out",
    "never",
  );
  expect(stderr).toMatch(said);
  expect(status).not.toBe(0);
  expect(existsSync(at("never"))).toBe(false);
});

test("shrinking while training: the epoch's line says what is left, and the model keeps every weight", async () => {
  const flags =
    "train --model lenet5-small --data digits --limit-train 128 --batch-size 32 --optimizer prox-sgd --lr 0.1 --threads 1";
  const strong =
    "--penalty group-lasso --lambda 0.2 --lambda-warmup 0 --epochs 5 --shrink-every 1 --shrink-after 1 --out thin --json";
  const ran = await espalier(...flags.split(" "), ...strong.split(" "));
  expect(ran.status).toBe(0);
  expect(ran.stderr).toMatch(/params 61\.7 k → \d.* in the step/);
  const { summary } = JSON.parse(ran.stdout);
  expect(summary.params.before).toBe(61706);
  expect((await json("thin", "run.json")).config).toMatchObject({ shrinkEvery: 1, shrinkAfter: 1 });
  const off = "--penalty group-lasso --lambda 0.2 --epochs 1 --shrink-every off --out whole".split(" ");
  expect((await espalier(...flags.split(" "), ...off)).status).toBe(0);
  expect((await json("whole", "run.json")).config.shrinkEvery).toBe("off");
  const refused = await espalier(...BASE, "--epochs", "1", "--shrink-every", "1", "--out", "never-thin");
  expect(refused.status).not.toBe(0);
  expect(refused.stderr).toMatch(/error: shrink-every wants what makes all that reads a channel zero/);
});
