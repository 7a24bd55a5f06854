/** Live pages: the report's charts of a run or a sweep, and a script that renews them. */
import { accuracyChart, lossChart, sparsityChart } from "../report/charts.ts";
import { counted, milliseconds, percent, significant } from "../report/format.ts";
import { html, type Markup, trusted } from "../report/markup.ts";
import { figure, page, table } from "../report/page.ts";
import type { EpochMetrics } from "../report/results.ts";
import type { Run } from "../train/run.ts";

/** Rows of the table: the last epochs. */
const ROWS = 12;

/** What the script replaces: the charts, and the last epochs in numbers. */
export async function liveContent({ history, options: { schedule, epochs } }: Run): Promise<Markup> {
  if (history.length === 0) return html`<section><p>Epoch 1 of ${epochs} is running.</p></section>`;
  const { milestones } = schedule;
  const figures = await Promise.all([
    lossChart(history, milestones),
    ...(history.some((m) => m.accuracy !== null) ? [accuracyChart(history, milestones)] : []),
    sparsityChart(history, milestones),
  ]);
  return html`<section><div class="charts">${figures.map(figure)}</div></section>
<section>
<h2>${`${counted(history.length, "epoch")} of ${epochs}`}</h2>
${table({
  head: ["epoch", "loss", "test loss", "test accuracy", "zero groups", "of W̃", "ms/step"],
  rows: history.slice(-ROWS).reverse().map(row),
  text: [],
})}
</section>`;
}

const row = (m: EpochMetrics): string[] => [
  String(m.epoch),
  significant(m.loss),
  m.testLoss === null ? "–" : significant(m.testLoss),
  m.testAccuracy === null ? "–" : percent(m.testAccuracy),
  percent(m.groupSparsity, 1),
  m.dual ? percent(m.dual.groupSparsity, 1) : "–",
  milliseconds(m.msPerStep),
];

const SCRIPT = `const live = document.getElementById("live"), state = document.getElementById("state");
const source = new EventSource("live");
source.onmessage = (e) => { live.innerHTML = JSON.parse(e.data); state.textContent = "Live."; };
source.addEventListener("over", (e) => { source.close(); state.textContent = JSON.parse(e.data); });
source.onerror = () => { state.textContent = "There is no answer any more; it may be over."; };`;

/** The whole page. @param hashOf a text as a policy names it */
export function livePage(
  { title, lead }: { readonly title: string; readonly lead: string },
  content: string,
  hashOf: (text: string) => string,
): { readonly text: string; readonly policy: string } {
  const policy = `default-src 'none'; style-src 'unsafe-inline'; connect-src 'self'; script-src '${hashOf(SCRIPT)}'`;
  const body = html`<p class="note" id="state">Live.</p>
<div id="live">${trusted(content)}</div>
<script>${trusted(SCRIPT)}</script>`;
  return { text: page(title, lead, body, { policy }), policy };
}
