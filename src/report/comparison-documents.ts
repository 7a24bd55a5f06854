/** A comparison to read: compare.html, one file that opens anywhere, and compare.md beside its charts. */
import { type Comparison, methodTable, runTable } from "./comparison.ts";
import type { Chart } from "./draw.ts";
import { counted } from "./format.ts";
import { isLossy } from "./low-rank.ts";
import { html } from "./markup.ts";
import { figure, flatten, page, pairs, table } from "./page.ts";
import { markdown, markdownText, type Table, turned } from "./table.ts";
import { restartNote, structureNote } from "./terms.ts";
import { verdict } from "./verdict.ts";

/** "3 methods × 2 seeds: 5 of 6 runs finished, 1 failed" */
function lead({ methods, seeds, runs }: Comparison): string {
  const finished = runs.filter((r) => r.summary).length;
  const failed = runs.length - finished;
  const planned = methods.length * seeds.length;
  return `${counted(methods.length, "method")} × ${counted(seeds.length, "seed")}: ${finished} of ${counted(planned, "run")} finished${failed ? `, ${failed} failed` : ""}`;
}

/** With more methods than this beside each other a page would be too narrow. */
const BESIDE = 5;

function readable(comparison: Comparison): Table {
  const methods = methodTable(comparison);
  return methods.rows.length <= BESIDE ? turned(methods) : methods;
}

const notes = ({ runs }: Comparison): string =>
  [
    "Mean ± sample standard deviation over the seeds that finished; no ± where there is one.",
    ...(runs.some((r) => r.summary && isLossy(r.summary))
      ? [
          "Lossy: singular values were truncated, so the small model is judged by its accuracy; any other computes what the full one does, up to rounding.",
        ]
      : []),
  ].join(" ");
const chartNotes = (runs: Comparison["runs"]): string =>
  [
    "Large pale marks: a method's mean; small ones: its runs. Lines: the mean of the seeds; bands: from the smallest to the largest.",
    "Zero groups are those that a method trained (single weights where it prunes those, coupled groups for dense training); the input channels that are zero, counted alike for all, are in compare.csv.",
    ...(runs.some((r) => r.epochs.some((m) => m.dual)) ? ["Dotted: the groups of W̃; changes are those of W̃."] : []),
    ...runs.slice(0, 1).map(() => structureNote(runs.flatMap((r) => r.epochs))),
    restartNote(runs.flatMap((r) => r.epochs)),
  ]
    .filter(Boolean)
    .join(" ");

const failures = (runs: Comparison["runs"]) => runs.filter((r) => r.error !== undefined);

function verdictSection(comparison: Comparison) {
  const said = verdict(comparison);
  return said.length
    ? html`<section>
<h2>Verdict</h2>
${said.map((sentence) => html`<p>${sentence}</p>`)}
</section>
`
    : "";
}

/** @param charts by the name of their file */
export function comparisonHtml(comparison: Comparison, charts: Readonly<Record<string, Chart>>): string {
  const { title, runs, config, environment } = comparison;
  const failed = failures(runs);
  const report = (i: number) => (runs[i].summary ? `${encodeURI(runs[i].folder)}/report.html` : undefined);
  return page(
    title,
    `${lead(comparison)}.`,
    html`${verdictSection(comparison)}<section>
<h2>Methods</h2>
${table(readable(comparison))}
<p class="note">${notes(comparison)} Each run's latency ratio is that of its full to its small model at batch 1.</p>
</section>
<section>
<h2>Charts</h2>
<div class="charts">${Object.values(charts).map(figure)}</div>
<p class="note">${chartNotes(runs)}</p>
</section>
<section>
<h2>Runs</h2>
${table(runTable(comparison), report)}
</section>
${
  failed.length > 0
    ? html`<section>
<h2>What failed</h2>
${failed.map((r) => html`<p>${r.method}, seed ${r.seed}</p><pre>${r.error ?? ""}</pre>`)}
</section>
`
    : ""
}<section class="columns">
<div><h2>Configuration</h2>${pairs(flatten(config))}</div>
<div><h2>Environment</h2>${pairs(flatten(environment))}</div>
</section>`,
  );
}

/** @param charts by the name of their file, which lies beside this one */
export function comparisonMarkdown(comparison: Comparison, charts: Readonly<Record<string, Chart>>): string {
  const { title, runs } = comparison;
  const failed = failures(runs);
  const parts = [
    `# ${markdownText(title)}`,
    `${lead(comparison)}.`,
    ...verdict(comparison).map(markdownText),
    markdown(readable(comparison)),
    notes(comparison),
    ...Object.entries(charts).map(([name, chart]) => `![${chart.title}](${name}.svg)`),
    chartNotes(runs),
    "## Runs",
    markdown(runTable(comparison)),
    ...(failed.length > 0 ? ["## What failed"] : []),
    ...failed.map((r) => `${markdownText(r.method)}, seed ${r.seed}:\n\n${indented(r.error ?? "")}`),
  ];
  return `${parts.join("\n\n")}\n`;
}

const indented = (text: string): string =>
  text
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
