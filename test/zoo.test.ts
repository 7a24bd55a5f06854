/**
 * The zoo: small variants of real models, each as three exporters' calls write it, against PyTorch. What fails today stands in
 * known-failures.json by the reason's first words; that list may only shrink: what fails beyond it fails here, and what no longer does too.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Checked, checkFile } from "../campaign/zoo/check.ts";
import { exportsOf, zoo } from "../campaign/zoo/fixture.ts";
import { node } from "../src/engine/node.ts";

const root = join(import.meta.dirname, "fixtures/zoo");
/** Model → way → the questions that are answered with no. */
const known: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = JSON.parse(
  readFileSync(join(root, "known-failures.json"), "utf8"),
);
const engine = node({ threads: 1 });

describe.each(zoo(root))("$name", (animal) => {
  const exported = exportsOf(animal);
  test.each(exported)("$way", async (file) => {
    const training = file.way === exported.at(-1)!.way; // the others are when all is recorded
    const { failed }: Checked = await checkFile(engine, file, training);
    const listed = (known[animal.name]?.[file.way] ?? []).filter((asked) => training || asked !== "trains");
    const news = Object.entries(failed).filter(([asked]) => !listed.includes(asked));
    expect(news, "this failed though it is not known to fail").toEqual([]);
    const mended = listed.filter((asked) => !(asked in failed));
    expect(mended, "these fail no longer: node dist/campaign/zoo/main.js --known writes the list anew").toEqual([]);
  });
});

test("what is known to fail is of models that are there", () => {
  const there = zoo(root).flatMap((animal) => exportsOf(animal).map(({ way }) => `${animal.name}/${way}`));
  const listed = Object.entries(known).flatMap(([name, ways]) => Object.keys(ways).map((way) => `${name}/${way}`));
  expect(listed.filter((name) => !there.includes(name))).toEqual([]);
});
