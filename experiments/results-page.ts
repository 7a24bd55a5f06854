/** The README's results and docs/results.md, from the committed JSON of experiments/results and bench/results. */
import { markdown } from "espalier";
import { type Committed, committed } from "./committed.ts";
import { type ShrunkRow, shrunkTable } from "./run-tables.ts";
import { type Section, sections, step } from "./sections.ts";

const shrunk = [
  ["lenet-mnist", "LeNet-5, MNIST"],
  ["mlp-curve", "MLP-7, Fashion-MNIST"],
  ["resnet20-cifar", "ResNet-20, CIFAR-10 subset (10,000 / 2,000)"],
] as const;

/** What the first table is made of; an experiment that has not been run is left out. */
function shrunkResults(root?: string): { what: string; result: Committed<ShrunkRow> }[] {
  return shrunk.flatMap(([name, what]) => {
    const result = committed<ShrunkRow>(`experiments/results/${name}.json`, `node dist/experiments/${name}.js`, root);
    return result ? [{ what, result }] : [];
  });
}

/** What must be known of the rows of the first table: where each result comes from, and on what machine. */
function shrunkNotes(results: ReturnType<typeof shrunkResults>): string[] {
  const parentheses =
    "A commit in parentheses is not the one that ran: it is the first that has these rows as they stand. ";
  const unmeasured = "Speed is measured only while other programs leave the machine alone.";
  const rows = results.flatMap(({ result }) => result.rows);
  return [
    `${results.some(({ result }) => result.seen) ? parentheses : ""}${rows.some((r) => !r.latencyMs) ? unmeasured : ""}`,
    results.map(({ what, result }) => `- ${what}: ${result.origin}`).join("\n"),
  ];
}

const differences = (rows: readonly (readonly [string, string, string])[]): string =>
  markdown({ head: ["setting", "here", "the paper or its code"], text: [0, 1, 2], rows });

/** A section as Markdown: where it comes from, table, differences, notes, charts. Empty while there is no result. */
function draw<R>(section: Section<R>, charts: string, root?: string): string {
  const result = committed<R>(section.path, section.command, root);
  if (!result) return "";
  const title = section.title(result);
  const parted = section.differences?.(result) ?? [];
  return [
    `## ${title}`,
    section.table(result),
    ...(parted.length ? [differences(parted)] : []),
    ...(section.notes?.(result) ?? []),
    result.origin,
    ...(section.charts ?? []).map((chart) => `![${title}](${charts}/${chart}.svg)`),
  ].join("\n\n");
}

/** docs/results.md, whole. */
export function resultsPage(root?: string): string {
  const head = [
    "# Results",
    "Written by `node dist/experiments/readme-table.js` from the JSON in `experiments/results/` and `bench/results/`; it refuses a file that was edited or that another command wrote. What was gained by shrinking, and a training step beside PyTorch's, are in the [README](../README.md#results). One seed per row where nothing else is said.",
  ];
  const drawn = sections.map((s) => s.render((section) => draw(section, "charts", root))).filter(Boolean);
  return `${[...head, ...drawn].join("\n\n")}\n`;
}

/** The README's part: the first table, and where Espalier stands beside PyTorch. */
function readmePart(root?: string): string {
  const results = shrunkResults(root);
  const pytorch = draw(step, "docs/charts", root).replace("## ", "### ");
  return [shrunkTable(results), ...shrunkNotes(results), pytorch].filter(Boolean).join("\n\n");
}

/** @throws Error when the markers are not there */
export function withResults(readme: string, root?: string): string {
  const markers = ["<!-- results -->", "<!-- /results -->"] as const;
  const [from, to] = markers.map((m) => readme.indexOf(m));
  if (from < 0 || to < from) throw new Error(`README.md lacks the markers ${markers.join(" and ")}`);
  return `${readme.slice(0, from + markers[0].length)}\n${readmePart(root)}\n${readme.slice(to)}`;
}
