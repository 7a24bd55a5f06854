/** Tables from the command line, as a user meets them: trained on, evaluated as they were trained on, and refused by what is wrong. */
import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";

const { espalier, asked, at, json } = commandLine();

/** Three kinds of flowers, told apart by numbers of very different size. */
function flowers(count: number, from = 0): string {
  const rows = Array.from({ length: count }, (_, j) => {
    const i = from + j;
    const kind = i % 3;
    const wave = (of: number) => Math.sin(12.9898 * i * of);
    return `${(1000 * (kind + 0.25 * wave(1))).toFixed(2)};${(5 - kind + 0.4 * wave(2)).toFixed(3)};${i % 2 ? "red" : "blue"};${["setosa", "versicolor", "virginica"][kind]}`;
  });
  return `length;width;colour;species\n${rows.join("\n")}\n`;
}

const SMALL = ["--model", "mlp7", "--epochs", "8", "--threads", "1", "--optimizer", "adam", "--lr", "0.01"];

test("a model is trained on a table, and evaluated on others as it was trained", async () => {
  writeFileSync(at("flowers.csv"), flowers(300));
  const ran = await espalier(
    "train",
    ...SMALL,
    "--data",
    at("flowers.csv"),
    "--label-columns",
    "species",
    "--out",
    "run",
  );
  expect(ran.status, ran.stderr).toBe(0);
  expect(ran.stderr).toContain("numbers, standardized by the training samples: length, width; categories: colour (2)");
  expect(ran.stderr).toContain("species tells 3 classes apart: setosa, versicolor, virginica");
  const { accuracy } = await json("run", "summary.json");
  expect(accuracy).toBeGreaterThan(0.9);
  // Rows that nobody has seen, of one kind alone and with the columns in another order: nothing of them is measured again.
  const lines = flowers(300, 1000).trim().split("\n");
  const others = lines
    .filter((line) => /species|virginica/.test(line))
    .map((line) => line.split(";").reverse().join(","));
  writeFileSync(at("others.csv"), others.join("\n"));
  const scored = await asked("evaluate", at("run/small.onnx"), "--data", at("others.csv"), "--json");
  expect(scored.status, scored.stderr).toBe(0);
  expect(JSON.parse(scored.stdout).accuracy).toBeGreaterThan(0.9);
  writeFileSync(at("unknown.csv"), others.join("\n").replace("virginica", "tulip"));
  const unknown = await asked("evaluate", at("run/small.onnx"), "--data", at("unknown.csv"));
  expect([unknown.status, unknown.stderr]).toEqual([
    1,
    expect.stringMatching(/none of the classes[\s\S]*line {4}2[\s\S]*tulip/),
  ]);
});

test("what is not said, and what does not fit, is refused with the flag that mends it", async () => {
  writeFileSync(at("few.csv"), flowers(30));
  const unsaid = await asked("train", ...SMALL, "--data", at("few.csv"));
  expect([unsaid.status, unsaid.stderr]).toEqual([2, expect.stringContaining("name it by --label-columns")]);
  const foreign = await asked("train", ...SMALL, "--data", "digits", "--delimiter", ";");
  expect([foreign.status, foreign.stderr]).toEqual([2, expect.stringContaining("takes no --delimiter")]);
  writeFileSync(at("hole.csv"), flowers(30).replace("red", ""));
  const hole = await asked("train", ...SMALL, "--data", at("hole.csv"), "--label-columns", "species");
  expect([hole.status, hole.stderr]).toEqual([
    1,
    expect.stringMatching(/a value is missing[\s\S]*line {4}3[\s\S]*--missing mean/),
  ]);
  const checked = await asked("data", "check", at("few.csv"), "--label-columns", "species", "--json");
  expect([checked.status, JSON.parse(checked.stdout).found.classes]).toEqual([0, 3]);
});

test("numbers are fitted where the loss fits numbers, and several columns of them", async () => {
  const rows = Array.from({ length: 200 }, (_, i) => `${Math.sin(i)},${Math.cos(i)},${i % 2},${Number(i % 3 === 0)}`);
  writeFileSync(at("several.csv"), `a,b,p,q\n${rows.join("\n")}`);
  const args = [
    "--data",
    at("several.csv"),
    "--label-columns",
    "p,q",
    "--loss",
    "bce",
    "--epochs",
    "1",
    "--out",
    "several",
  ];
  const ran = await espalier("train", ...SMALL, ...args);
  expect(ran.status, ran.stderr).toBe(0);
  expect((await json("several", "summary.json")).accuracy).toBe(null);
});
