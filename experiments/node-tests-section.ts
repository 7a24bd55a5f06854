/** What docs/operators.md says of ONNX's own tests, from the committed result of node-tests.ts. */
import { markdown } from "espalier";
import { committed } from "./committed.ts";

/** How the cases of an operator fared. */
interface NodeTestRow {
  readonly operator: string;
  readonly cases: number;
  readonly agree: number;
  readonly stored: number;
  readonly runtime: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly unfed: number;
  readonly evaluation: number;
  readonly wrong: readonly { readonly name: string; readonly why: string }[];
}

const sum = (rows: readonly NodeTestRow[], of: (row: NodeTestRow) => number) => rows.reduce((n, r) => n + of(r), 0);
const refusals = ({ refused }: NodeTestRow) => Object.values(refused).reduce((n, k) => n + k, 0);

/** Reasons that differ by one word at their end, an element type, are one. */
function grouped(refused: NodeTestRow["refused"]): string[] {
  const found = new Map<string, { n: number; of: Set<string> }>();
  for (const [why, n] of Object.entries(refused)) {
    const [, what, of] = /^(?:.*: )?(Espalier does not hold this element type): (.*)$/.exec(why) ?? [];
    const group = found.get(what ?? why) ?? { n: 0, of: new Set() };
    if (of) group.of.add(of);
    found.set(what ?? why, { n: group.n + n, of: group.of });
  }
  return [...found].map(([why, { n, of }]) => `${n}: ${why}${of.size ? ` (${[...of].join(", ")})` : ""}`);
}

const whyText = ({ refused, evaluation, unfed, wrong }: NodeTestRow): string =>
  [
    ...grouped(refused),
    ...(evaluation ? [`${evaluation}: of training, read as in evaluation`] : []),
    ...(unfed ? [`${unfed}: read, but cannot be fed`] : []),
    ...wrong.map(({ name, why }) => `**wrong**, ${name}: ${why}`),
  ].join("; ");

/** The section; empty while there is no result. */
export function nodeTestsSection(root?: string): string {
  const result = committed<NodeTestRow>(
    "experiments/results/node-tests.json",
    "node dist/experiments/node-tests.js",
    root,
  );
  if (!result) return "";
  const { rows } = result;
  const whole = rows.filter((r) => r.agree === r.cases);
  const others = rows.filter((r) => r.agree < r.cases);
  const table = markdown({
    head: ["operator", "cases", "agree", "as ONNX Runtime", "refused", "why"],
    text: [0, 5],
    rows: others.map((r) => [
      r.operator,
      `${r.cases}`,
      `${r.agree}`,
      `${r.runtime || ""}`,
      `${refusals(r) || ""}`,
      whyText(r),
    ]),
  });
  return `## ONNX's own tests

Of the ${sum(rows, (r) => r.cases)} tests of single operators that the Python package onnx ${result.settings.onnx} has, ${sum(rows, (r) => r.agree)} agree: what was read, in
canonical form, and what was written again both make in ONNX Runtime what ONNX says. (${sum(rows, (r) => r.stored)} of them feed what exporters store,
the axes of a reduction or the shape of a Reshape; they are read with these stored.) ${sum(rows, (r) => r.runtime)} come out as ONNX Runtime has
them, which is not as ONNX does, or not at all; ${sum(rows, refusals)} are refused on reading, by name; ${sum(rows, (r) => r.wrong.length)} are wrong.

${table}

All cases agree of ${whole.map((r) => `\`${r.operator}\` (${r.cases})`).join(", ")}.

${result.origin}
`;
}
