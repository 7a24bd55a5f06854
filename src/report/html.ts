/** report.html: one file that explains a run. */
import { accuracyChart, layerChart, lossChart, sizeChart, sparsityChart } from "./charts.ts";
import { change, count, counted, duration, fileSize, milliseconds, percent, significant, times } from "./format.ts";
import { isLossy } from "./low-rank.ts";
import { html, type Markup } from "./markup.ts";
import { figure, flatten, page, pairs, table } from "./page.ts";
import type { LowRank, ModelInput, RunReport, Summary } from "./results.ts";
import { beforeAfterTable, layerTable, rankTable, removalTable } from "./table.ts";
import { restartNote, structureNote } from "./terms.ts";
import { usage } from "./usage.ts";

/** The whole document. */
export async function reportHtml(run: RunReport): Promise<string> {
  const { summary: s, epochs, milestones } = run;
  const figures = await Promise.all([
    lossChart(epochs, milestones),
    ...(epochs.some((m) => m.accuracy !== null) ? [accuracyChart(epochs, milestones)] : []),
    sparsityChart(epochs, milestones),
    sizeChart(s),
  ]);
  const layers = run.layers.some((l) => l.groups) ? figure(await layerChart(run.layers)) : "";
  return page(
    run.title,
    lead(s),
    html`<section class="cards">${cards(s)}</section>
${run.collapsed ? collapsed(run.collapsed) : ""}
<section>
<h2>Before and after</h2>
${table(beforeAfterTable(s))}
<p class="note">Before: <code>model.onnx</code>, as trained. After: <code>small.onnx</code>, ${isLossy(s) ? "of lower rank (lossy), and " : s.lowRank ? "of lower rank, and " : ""}with every removable zero cut out.
Latency is the median of interleaved runs on the machine below.</p>
</section>
<section>
<h2>Training</h2>
<div class="charts">${figures.map(figure)}</div>
<p class="note">${chartNotes(run)}</p>
</section>
<section>
<h2>Layers</h2>
<div class="wide">${layers}</div>
${table(layerTable(run.layers))}
</section>
${s.lowRank ? lowRank(s.lowRank, isLossy(s)) : ""}
<section>
<h2>${isLossy(s) ? "Truncated (lossy), then shrunk exactly" : "Why it is the same function"}</h2>
${certificate(run)}
</section>
<section>
<h2>Use the small model</h2>
${useIt(run.input)}
</section>
<section class="columns">
<div><h2>Configuration</h2>${pairs(flatten(run.config))}</div>
<div><h2>Environment</h2>${pairs(Object.entries(run.environment).map(([k, v]) => [k, String(v)]))}</div>
</section>`,
  );
}

const chartNotes = ({ epochs, milestones }: RunReport): string =>
  [
    milestones?.length ? `Vertical lines: the learning rate drops after epoch ${milestones.join(", ")}.` : "",
    structureNote(epochs),
    milestones?.length ? restartNote(epochs) : "",
  ]
    .filter(Boolean)
    .join(" ");

const collapsed = ({ words, fix }: NonNullable<RunReport["collapsed"]>): Markup => html`<section>
<h2>The run collapsed</h2>
<p><strong>${words[0].toUpperCase()}${words.slice(1)}.</strong> To change it, ${fix}.</p>
</section>`;

function lead(s: Summary): string {
  const left = s.params.after / s.params.before;
  const quality =
    s.accuracy === null ? `test loss ${significant(s.smallLoss)}` : `${percent(s.smallAccuracy)} test accuracy`;
  return `${percent(1 - left, 1)} of the parameters removed${isLossy(s) ? " (truncated, which is lossy)" : ""}, ${quality}, ${times(s.latencyMs.before, s.latencyMs.after)} the speed at batch 1.`;
}

function cards(s: Summary): Markup[] {
  const card = (name: string, value: string, detail: string) =>
    html`<div class="card"><p class="name">${name}</p><p class="value">${value}</p><p class="detail">${detail}</p></div>`;
  const before = isLossy(s) ? "truncated (lossy); before" : "before shrinking";
  const given = ({ loss, accuracy }: NonNullable<Summary["baseline"]>) =>
    accuracy === null ? significant(loss) : percent(accuracy);
  const first = s.baseline ? `, before training ${given(s.baseline)}` : "";
  const quality =
    s.accuracy === null
      ? card("test loss", significant(s.smallLoss), `${before} ${significant(s.loss)}${first}`)
      : card("test accuracy", percent(s.smallAccuracy), `${before} ${percent(s.accuracy)}${first}`);
  return [
    quality,
    card(
      "parameters",
      change(s.params.before, s.params.after, "fewer", "more"),
      `${count(s.params.before)} → ${count(s.params.after)}`,
    ),
    card(
      "file",
      change(s.bytes.before, s.bytes.after, "smaller", "larger"),
      `${fileSize(s.bytes.before)} → ${fileSize(s.bytes.after)}`,
    ),
    card(
      "latency, batch 1",
      change(s.latencyMs.before, s.latencyMs.after, "faster", "slower"),
      `${milliseconds(s.latencyMs.before)} → ${milliseconds(s.latencyMs.after)}`,
    ),
    ...zeros(s).map((zero) => card(...zero)),
    card(
      "training",
      duration(s.seconds),
      [
        `${counted(s.epochs, "epoch")}, ${milliseconds(s.msPerStep)} per step`,
        ...(s.lowRank?.seconds ? [`ranks and fine-tuning ${duration(s.lowRank.seconds)}`] : []),
      ].join("; "),
    ),
  ];
}

/** How much is zero of what the run pruned. */
function zeros(s: Summary): [name: string, value: string, detail: string][] {
  const share = percent(s.groupSparsity, 1);
  const ofAll = `${percent(s.elementSparsity, 1)} of all parameters`;
  if (s.lowRankLevel !== undefined) return [["zero singular values", percent(s.lowRankLevel, 1), "of all layers"]];
  if (s.prunes === "weights") return [["zero weights", share, ofAll]];
  if (s.prunes === "nothing") return [];
  return [["zero groups", share, `${percent(s.weightedGroupSparsity, 1)} of the weights in groups`]];
}

function lowRank(
  { rule, factors, fineTuned, recomposedRelDiff, truncatedAccuracy, layers }: LowRank,
  lossy: boolean,
): Markup {
  const composed =
    factors > 1
      ? `Every layer was trained as ${factors} linear maps, which multiplied back differ by ${significant(recomposedRelDiff)} relative, rounding. `
      : "";
  const accuracy =
    truncatedAccuracy === null ? "" : `The test accuracy right after truncation was ${percent(truncatedAccuracy)}`;
  const tuned = fineTuned ? `; ${counted(fineTuned, "epoch")} of fine-tuning followed` : "";
  if (rule === "prox")
    return html`<section>
<h2>Ranks</h2>
<p>Layers became two where that is smaller, at the ranks that the penalty's last proximal step kept: the same function up to rounding.</p>
${table(rankTable(layers))}
</section>`;
  if (!lossy)
    return html`<section>
<h2>Ranks</h2>
<p>${composed}No layer would be smaller at the ranks that were chosen (${rule} rule), so none was truncated.</p>
${table(rankTable(layers))}
</section>`;
  return html`<section>
<h2>Ranks</h2>
<p>${composed}Then singular values were truncated (${rule} rule). <strong>That is lossy</strong>: it is judged by accuracy, not by equality.
${accuracy}${tuned}.</p>
${table(rankTable(layers))}
</section>`;
}

function certificate({ summary: s, removals }: RunReport): Markup {
  const stable =
    s.structureStableSince === null
      ? "The zero pattern still changed in the last epoch."
      : `The zero pattern has been stable since epoch ${s.structureStableSince}.`;
  const lossy = isLossy(s);
  const full = lossy ? "Truncated" : "Full";
  const from = s.lowRank ? "truncated.onnx" : "model.onnx";
  const lost =
    lossy && s.lowRank
      ? html`<p>Full and small model are <strong>not</strong> the same function: truncation${s.lowRank.fineTuned ? " and fine-tuning" : ""}
changed the outputs by up to ${significant(s.lowRank.smallRelDiff)} relative, which the accuracy judges. Shrinking what was left changed no more than rounding:</p>`
      : "";
  return html`${lost}<p>${full} and small model were run on the same random and real inputs. Their outputs differ by at most
<strong>${significant(s.maxAbsDiff)}</strong> (${significant(s.maxRelDiff)} relative), which is the rounding of floating-point sums taken
in another order. ${stable}</p>
${removals.length ? table(removalTable(removals)) : html`<p>Nothing could be removed.</p>`}
<p class="note">Every removed slice is listed with its reason in <code>certificate.json</code>. Shrinking writes nothing that it cannot prove from
<code>${from}</code> alone; prove it again with <code>npx espalier verify ${from} small.onnx --certificate certificate.json</code>.</p>`;
}

function useIt(input: ModelInput): Markup {
  return html`<p>It is an ordinary ONNX file. In Node, with nothing but ONNX Runtime:</p>
<pre>${usage(input)}</pre>
<p>In a browser, import <code>onnxruntime-web</code> instead; the rest stays as it is.</p>`;
}
