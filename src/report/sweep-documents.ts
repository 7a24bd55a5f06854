/** A sweep to read: sweep.html, one file that opens anywhere, and sweep.md beside its charts. */
import type { Chart } from "./draw.ts";
import { counted } from "./format.ts";
import { html, type Markup } from "./markup.ts";
import { objectives } from "./objectives.ts";
import { figure, flatten, page, pairs, table } from "./page.ts";
import { frontRows, frontTable, type SweepResult, sweepTable, type TrialState } from "./sweep.ts";
import { markdown, markdownText } from "./table.ts";

/** "30 trials: 12 finished, 18 stopped early" */
export function sweepLead({ trials, planned }: Pick<SweepResult, "trials" | "planned">): string {
  const states: readonly TrialState[] = ["finished", "stopped early", "failed", "paused", "begun"];
  const parts = states.flatMap((state) => {
    const n = trials.filter((t) => t.state === state).length;
    return n > 0 ? [`${n} ${state}`] : [];
  });
  return `${counted(planned, "trial")}: ${parts.length > 0 ? parts.join(", ") : "none begun"}`;
}

const frontNote = ({ objectives: names }: SweepResult): string =>
  names.length > 1
    ? `No other finished trial is at least as good as these in ${names.map((name) => objectives[name].head).join(", ")} and better in one.`
    : `The best finished trial by ${objectives[names[0]].head}.`;

const stoppingNote = ({ rungs }: SweepResult): string =>
  rungs.length > 0
    ? `After ${rungs.join(", ")} epochs only the best went on; on the way a size is judged by the weights in groups that are not zero.`
    : "";

/** @param charts by the name of their file */
export function sweepHtml(result: SweepResult, charts: Readonly<Record<string, Chart>>): string {
  const folderOf = new Map(result.trials.map((t) => [String(t.number + 1), t]));
  const report = (number: string) => {
    const row = folderOf.get(number);
    return row?.state === "finished" ? `${encodeURI(row.folder)}/report.html` : undefined;
  };
  return page(
    result.title,
    `${sweepLead(result)}.`,
    html`${sweepSections(result, charts, report)}
<section class="columns">
<div><h2>Configuration</h2>${pairs(flatten(result.config))}</div>
<div><h2>Environment</h2>${pairs(flatten(result.environment))}</div>
</section>`,
  );
}

/**
 * The front, the charts and the trials.
 * @param charts by the name of their file
 * @param report where the report of a trial is, by its number as tables show it. Default: nowhere
 */
export function sweepSections(
  result: SweepResult,
  charts: Readonly<Record<string, Chart>>,
  report: (number: string) => string | undefined = () => undefined,
): Markup {
  const front = frontRows(result);
  const all = sweepTable(result);
  return html`${
    front.length > 0
      ? html`<section>
<h2>${result.objectives.length > 1 ? "Pareto front" : "Best trial"}</h2>
${table(frontTable(result), (i) => report(String(front[i].number + 1)))}
<p class="note">${frontNote(result)}</p>
</section>
`
      : ""
  }<section>
<h2>Charts</h2>
<div class="charts">${Object.values(charts).map(figure)}</div>
<p class="note">${stoppingNote(result)}</p>
</section>
<section>
<h2>Trials</h2>
${table(all, (i) => report(all.rows[i][0]))}
</section>`;
}

/** @param charts by the name of their file, which lies beside this one */
export function sweepMarkdown(result: SweepResult, charts: Readonly<Record<string, Chart>>): string {
  const front = result.front.length > 0 ? [markdown(frontTable(result)), frontNote(result)] : [];
  const parts = [
    `# ${markdownText(result.title)}`,
    `${sweepLead(result)}.`,
    ...front,
    ...Object.entries(charts).map(([name, chart]) => `![${chart.title}](${name}.svg)`),
    stoppingNote(result),
    "## Trials",
    markdown(sweepTable(result)),
  ];
  return `${parts.filter(Boolean).join("\n\n")}\n`;
}
