/** A module as data, as a user meets it: samples by their number, one after another, and modules that fail. */
import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";

const { espalier, at, interrupted } = commandLine();
const SMALL = "--model mlp7 --epochs 3 --threads 1 --lr 0.1 --batch-size 16".split(" ");

/** 80 samples of two classes; `give` is what the module exports of them. */
const module = (name: string, give: string): string => {
  const sample = "const sample = (i) => ({ x: Float32Array.of(i / 80, Math.sin(i), 1), y: Number(i >= 40) });";
  writeFileSync(at(name), `${sample}\nconst length = 80;\n${give}`);
  return name;
};
const train = (data: string, ...more: string[]) => espalier("train", ...SMALL, "--data", data, ...more);
const weights = (run: string) => readFile(at(run, "model.onnx"));

test("samples by their number train to what the same in arrays does, also when the run is stopped in between", async () => {
  const all = "Array.from({ length }, (_, i) => sample(i))";
  const arrays = `export default { x: ${all}.map(({ x }) => x), y: ${all}.map(({ y }) => y), name: "same" };`;
  const [list, numbered] = [
    module("arrays.mjs", arrays),
    module("at.mjs", "export default { length, at: async (i) => sample(i), name: 'same' };"),
  ];
  for (const [data, out] of [
    [list, "list"],
    [numbered, "at"],
  ]) {
    const ran = await train(data, "--out", out);
    expect(ran.status, ran.stderr).toBe(0);
  }
  expect((await weights("at")).equals(await weights("list"))).toBe(true);
  const stopped = await interrupted("epoch", "train", ...SMALL, "--data", numbered, "--out", "stopped");
  const resumed = await espalier("train", "--resume", "--out", "stopped");
  expect([stopped.status === 0 || stopped.status === 130, resumed.status], resumed.stderr).toEqual([true, 0]);
  expect((await weights("stopped")).equals(await weights("at"))).toBe(true);
});

test("a module that throws, rejects, gives the wrong thing or fails at a sample is named, with the sample", async () => {
  const fails = "(i) => { if (i === 41) throw new Error('no file 41'); return sample(i); }";
  const cases: [string, string, RegExp][] = [
    ["rejects", "export default async () => { throw new Error('refused'); };", /rejects\.mjs[\s\S]*refused/],
    ["wrong", "export default 5;", /exports no data set[\s\S]*wrong\.mjs[\s\S]*got +5/],
    [
      "fails",
      `export default { length, at: ${fails} };`,
      /fails\.mjs\n +part +train\n +sample +41\n +reason +no file 41/,
    ],
    ["never", "export default await new Promise(() => {});", /waits for what never comes: never\.mjs/],
  ];
  for (const [name, give, wanted] of cases) {
    const ran = await train(module(`${name}.mjs`, give));
    expect([name, ran.status, ran.stderr]).toEqual([name, 1, expect.stringMatching(wanted)]);
  }
  const late =
    "let asked = 0;\nexport default { length, at: (i) => { if (++asked > 100) throw new Error('gone'); return sample(i); } };";
  const failed = await train(module("late.mjs", late));
  expect([failed.status, failed.stderr]).toEqual([
    1,
    expect.stringMatching(/late\.mjs\n +part +train\n +sample +\d+\n +reason +gone/),
  ]);
});
