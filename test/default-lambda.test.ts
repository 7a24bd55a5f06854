/** A run that says no λ: one is chosen for its model and length, said, written down, and kept by a resume. */
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";

const { espalier, at } = commandLine();
const RUN = "train --model lenet5-small --data digits --limit-train 100 --epochs 2 --batch-size 50 --threads 1".split(
  " ",
);

test("train chooses a lambda where none is said, and a resume keeps it", async () => {
  const ran = await espalier(...RUN, "--out", "chosen");
  expect(ran.status).toBe(0);
  const { config } = JSON.parse(await readFile(at("chosen/run.json"), "utf8"));
  expect(ran.stdout).toContain(`lambda ${config.lambda} (chosen for 4 steps of this model)`);
  expect(config).toMatchObject({ lambda: expect.any(Number), lambdaWarmup: 1 });
  const again = await espalier("train", "--resume", "--out", "chosen");
  expect(again.status).toBe(0);
  const other = await espalier("train", "--resume", "--out", "chosen", "--lambda", "1e-4");
  expect(other.stderr).toMatch(new RegExp(`--lambda +run ${config.lambda}, now 0.0001`));
});

test("a lambda that is said is taken as it is", async () => {
  const ran = await espalier(...RUN, "--lambda", "1e-3", "--out", "said");
  expect(ran.stdout).toContain("lambda 0.001,");
  const { config } = JSON.parse(await readFile(at("said/run.json"), "utf8"));
  expect(config.lambda).toBe(1e-3);
  expect(config).not.toHaveProperty("lambdaWarmup");
});
