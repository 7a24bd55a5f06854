/** docs/results.md, from the committed JSON of experiments/results and bench/results. */
import { markdown } from "espalier";
import { type Committed, committed } from "./committed.ts";
import { type ShrunkRow, shrunkTable } from "./run-tables.ts";
import { type Section, sections } from "./sections.ts";

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
export function drawSection<R>(section: Section<R>, charts: string, root?: string): string {
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

/** What shrinking gained, and the commands that say so. */
function shrunkPart(root?: string): string {
  const results = shrunkResults(root);
  const known =
    'λ and schedules were chosen with the test accuracy in sight, without a validation split; "largest difference" is between the full and the shrunk model, relative.';
  return ["## Trained into structure, then shrunk", known, shrunkTable(results), ...shrunkNotes(results)]
    .filter(Boolean)
    .join("\n\n");
}

/** docs/results.md, whole. */
export function resultsPage(root?: string): string {
  const head = [
    "# Results",
    "Made by the commands that are named, on two cores of a server CPU, without a GPU. Written by `node dist/experiments/results-doc.js` from the JSON in `experiments/results/` and `bench/results/`; it refuses a file that was edited or that another command wrote. How fast it is: [performance.md](performance.md). One seed per row where nothing else is said.",
  ];
  const drawn = sections.map((s) => s.render((section) => drawSection(section, "charts", root)));
  return `${[...head, shrunkPart(root), ...drawn].filter(Boolean).join("\n\n")}\n`;
}
