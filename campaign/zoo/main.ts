/**
 * Asks everything of the zoo's files and prints the answers.
 *
 *     node dist/campaign/zoo/main.js [NAME …]     those models alone; NAME/WAY one file
 *     node dist/campaign/zoo/main.js --known      writes test/fixtures/zoo/known-failures.json anew
 *     node dist/campaign/zoo/main.js --record     writes campaign/zoo/results.json anew, of which doc.js makes docs/models.md
 *     node dist/campaign/zoo/main.js --causes     sorts what fails by reason
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { node } from "../../src/engine/node.ts";
import { ASKED, type Checked, checkFile } from "./check.ts";
import { exportsOf, notExported, zoo } from "./fixture.ts";
import { beginRecord } from "./recorded.ts";

const root = "test/fixtures/zoo";
const { values: flags, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    record: { type: "boolean", default: false },
    known: { type: "boolean", default: false },
    causes: { type: "boolean", default: false },
  },
});

const files = zoo(root)
  .flatMap(exportsOf)
  .filter(
    ({ animal, way }) =>
      wanted.length === 0 || wanted.includes(animal.name) || wanted.includes(`${animal.name}/${way}`),
  );
for (const animal of zoo(root))
  for (const { way, why } of notExported(animal)) console.log(`${animal.name}/${way} was not exported: ${why}`);
const engine = node({ threads: 1 });
const record = flags.record ? beginRecord(process.cwd(), `${engine.name} ${engine.version}`) : undefined;
const all: Checked[] = [];
for (const file of files) {
  const checked = await checkFile(engine, file);
  all.push(checked);
  const { failed, groups } = checked;
  const answers = ASKED.map((asked) => (asked in failed ? asked.toUpperCase() : asked)).join(" ");
  console.log(
    `${checked.model}/${checked.way}: ${answers}${groups === undefined ? "" : ` ${(100 * groups).toFixed(1)} %`}`,
  );
  for (const [asked, why] of Object.entries(failed)) console.log(`    ${asked}: ${why}`);
}

if (record) {
  const animals = new Map(zoo(root).map((animal) => [animal.name, animal]));
  const rows = all.map((c) => ({ ...c, family: animals.get(c.model)!.family, weights: animals.get(c.model)!.weights }));
  const refused = zoo(root).flatMap((a) => notExported(a).map((r) => ({ model: a.name, ...r })));
  record({ rows, refused });
}

if (flags.causes) {
  const causes = new Map<string, string[]>();
  for (const { model, way, failed } of all)
    for (const [asked, why] of Object.entries(failed)) {
      const cause = `${asked}: ${why.split(";")[0].replace(/"[^"]*"|\([^)]*\)|\d[\d.e+-]*/g, "…")}`;
      causes.set(cause, [...(causes.get(cause) ?? []), `${model}/${way}`]);
    }
  for (const [cause, where] of [...causes].sort((a, b) => b[1].length - a[1].length))
    console.log(`${where.length} × ${cause}\n      ${where.slice(0, 12).join(" ")}`);
}

if (flags.known) {
  const lines = [...new Set(all.map((c) => c.model))].flatMap((model) => {
    const ways = all.filter((c) => c.model === model && Object.keys(c.failed).length > 0);
    const text = ways
      .map(({ way, failed }) => `    ${JSON.stringify(way)}: ${JSON.stringify(Object.keys(failed))}`)
      .join(",\n");
    return ways.length === 0 ? [] : [`  ${JSON.stringify(model)}: {\n${text}\n  }`];
  });
  writeFileSync(join(root, "known-failures.json"), `{\n${lines.join(",\n")}\n}\n`);
}
