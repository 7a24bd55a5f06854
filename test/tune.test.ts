/** `espalier tune` and `train --tune` as a user runs them, with a cache folder of their own. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";

const { espalier, asked, at } = commandLine();
const TUNE = "tune lenet5-small --batch-size 8 --threads 1".split(" ");
const TRAIN =
  "train --model lenet5-small --data digits --limit-train 16 --epochs 1 --batch-size 8 --threads 1 --tune".split(" ");

test("what tune finds, train takes; what is in the cache but cannot be read is timed again", async () => {
  process.env["XDG_CACHE_HOME"] = at("cache");
  const folder = at("cache/espalier/tuning");
  const shown = await espalier(...TUNE);
  expect(shown).toMatchObject({ status: 0 });
  expect(shown.stdout).toMatch(/tuned: (\d+) shapes, \1 of them timed now/);
  expect(shown.stdout).toMatch(/ConvWeightGradient float32\[8,.*\n/);
  expect(shown.stdout).toMatch(/1 thread; (blocks of (8|16) channels|no blocked kernels)/);
  const [file] = await readdir(folder);
  const { tuning, ...rest } = { tuning: undefined, ...JSON.parse((await espalier(...TUNE, "--json")).stdout) };
  expect(Object.keys(rest.plan)).toEqual(Object.keys(rest.trials));

  const run = await espalier(...TRAIN, "--out", at("run"));
  expect(run).toMatchObject({ status: 0 });
  const [, all, timed] = /tuned: (\d+) shapes, (\d+) of them timed now/.exec(run.stdout)!;
  expect(Number(timed)).toBeLessThan(Number(all));

  const { tuning: step } = JSON.parse(await readFile(at("run/summary.json"), "utf8"));
  expect(step).toMatchObject({ engine: expect.stringContaining("1 thread"), gained: expect.any(Boolean) });

  await writeFile(join(folder, file), (await readFile(join(folder, file), "utf8")).slice(0, 100));
  expect((await espalier(...TUNE)).stdout).toMatch(/tuned: (\d+) shapes, \1 of them timed now/);
  expect(JSON.parse(await readFile(join(folder, file), "utf8")).machine).toContain("1 thread");
});

test("a short run is not tuned by itself, and --no-tune, also of a file, says so of any", async () => {
  const SHORT = TRAIN.filter((word) => word !== "--tune");
  await writeFile(at("plain.yaml"), "tune: false\n");
  const ways = { default: [], flag: ["--no-tune"], file: ["--config", at("plain.yaml")], set: ["--set", "tune=false"] };
  for (const [name, flags] of Object.entries(ways)) {
    const run = await espalier(...SHORT, ...flags, "--out", at(name));
    expect(run).toMatchObject({ status: 0 });
    expect(run.stdout).not.toContain("tuned");
    const [summary, { config }] = await Promise.all(
      ["summary.json", "run.json"].map(async (file) => JSON.parse(await readFile(at(`${name}/${file}`), "utf8"))),
    );
    expect(summary.tuning).toBeUndefined();
    expect(config.tune).toBe(name === "default" ? undefined : false);
  }
  const [whole, same] = await Promise.all(["default", "flag"].map((name) => readFile(at(`${name}/model.onnx`))));
  expect(same.equals(whole)).toBe(true);
  const help = (await espalier("train", "--help")).stdout;
  expect(help).toMatch(/ --tune .*\n/);
  expect(help).toMatch(/ --no-tune .*\n/);
});

test("what cannot be tuned is refused by name", async () => {
  const wrong = await asked("tune", "lenet6");
  expect(wrong.status).toBe(2);
  expect(wrong.stderr).toContain("lenet5");
  const missing = await asked("tune", at("nowhere.onnx"));
  expect(missing.status).toBe(1);
  expect(missing.stderr).toContain("there is no such file");
  const none = await asked("tune", "lenet5", "--batch-size", "0");
  expect(none.status).toBe(2);
  expect(none.stderr).toContain("--batch-size");
});
