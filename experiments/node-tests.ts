/**
 * Reads, writes and runs ONNX's own tests of single operators; docs/operators.md shows how each operator fared.
 * Run: python3 test/fixtures/node-tests/make.py --all DIR && node dist/experiments/node-tests.js --cases DIR
 */
import { parseArgs } from "node:util";
import { node } from "espalier/node";
import { type Fared, fare, nodeCases } from "./node-cases.ts";
import { begin } from "./record.ts";

const flags = { cases: { type: "string" }, draft: { type: "boolean", default: false } } as const;
const { values } = parseArgs({ options: flags });
if (!values.cases) throw new Error("--cases DIR: the folder that test/fixtures/node-tests/make.py --all wrote");

const recording = begin({ name: "node-tests", draft: values.draft, apart: { cases: flags.cases } });
const { onnx, cases } = nodeCases(values.cases);
const engine = node({ threads: 1 });
const fared = new Map<string, { name: string; fared: Fared }[]>();
for (const c of cases) {
  const one = { name: c.name, fared: await fare(c, engine) };
  fared.set(c.operator, [...(fared.get(c.operator) ?? []), one]);
}

const count = (all: readonly { fared: Fared }[], is: Fared["is"]) => all.filter((c) => c.fared.is === is).length;
/** Reasons, and how many cases each is of. */
const reasons = (all: readonly { fared: Fared }[], is: Fared["is"]): Record<string, number> => {
  const found: Record<string, number> = {};
  for (const { fared } of all) if (fared.is === is && fared.why) found[fared.why] = (found[fared.why] ?? 0) + 1;
  return found;
};
const rows = [...fared].sort().map(([operator, all]) => ({
  operator,
  cases: all.length,
  agree: count(all, "agree"),
  /** Of those, the ones whose parameters had to be stored first. */
  stored: all.filter(({ fared }) => fared.is === "agree" && fared.stored).length,
  runtime: count(all, "runtime"),
  refused: reasons(all, "refused"),
  unfed: count(all, "unfed"),
  evaluation: count(all, "evaluation"),
  wrong: all.flatMap(({ name, fared }) => (fared.is === "wrong" ? [{ name, why: fared.why }] : [])),
}));
await recording.write(engine, { settings: { seed: 0, onnx }, rows });
await engine.release();

const total = (of: (row: (typeof rows)[number]) => number) => rows.reduce((n, row) => n + of(row), 0);
const refusals = (row: (typeof rows)[number]) => Object.values(row.refused).reduce((n, k) => n + k, 0);
console.log(
  `${cases.length} cases: ${total((r) => r.agree)} agree (${total((r) => r.stored)} with parameters stored), ` +
    `${total((r) => r.runtime)} as ONNX Runtime has it, ${total(refusals)} refused by name, ` +
    `${total((r) => r.unfed)} read but not run, ${total((r) => r.evaluation)} of training, ${total((r) => r.wrong.length)} wrong`,
);
for (const { operator, wrong } of rows) for (const { name, why } of wrong) console.log(`${operator} ${name}: ${why}`);
