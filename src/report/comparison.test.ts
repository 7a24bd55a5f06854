import { describe, expect, test } from "vitest";
import { type ComparedRun, type Comparison, methodCsv, methodResults, methodTable, spread } from "./comparison.ts";
import { comparisonCharts } from "./comparison-charts.ts";
import { comparisonHtml, comparisonMarkdown } from "./comparison-documents.ts";
import type { EpochMetrics, Summary } from "./results.ts";
import { markdown } from "./table.ts";
import { verdict } from "./verdict.ts";

interface Figures {
  readonly accuracy?: number | null;
  readonly zero?: number;
  readonly kept?: number;
  readonly stable?: number | null;
}

const summary = ({ accuracy = 0.9, zero = 0.5, kept = 100, stable = 2 }: Figures): Summary => ({
  accuracy,
  smallAccuracy: accuracy,
  loss: 0.25,
  smallLoss: 0.25,
  groupSparsity: zero,
  weightedGroupSparsity: zero,
  elementSparsity: zero,
  inputChannel: { groupSparsity: zero, weightedGroupSparsity: zero },
  params: { before: 1000, after: kept },
  macs: { before: 4000, after: 1000 },
  bytes: { before: 5000, after: 1000 },
  latencyMs: { before: 3, after: 1 },
  latencyMsBatch128: { before: 30, after: 10 },
  maxAbsDiff: 0,
  maxRelDiff: 0,
  epochs: 2,
  seconds: 1,
  msPerStep: 8,
  structureStableSince: stable,
});

const epochs = (...changes: number[]): EpochMetrics[] =>
  changes.map((patternChanges, i) => ({
    epoch: i + 1,
    loss: 1,
    accuracy: 0.8,
    testLoss: 1,
    testAccuracy: 0.7 + 0.1 * i,
    groupSparsity: 0.25 * i,
    weightedGroupSparsity: 0,
    elementSparsity: 0,
    inputChannel: { groupSparsity: 0, weightedGroupSparsity: 0 },
    lr: 0.1,
    patternChanges,
    seconds: 1,
    msPerStep: 8,
  }));

const finished = (method: string, seed: number, figures: Figures, ...changes: number[]): ComparedRun => ({
  method,
  seed,
  folder: `${method}/seed-${seed}`,
  summary: summary(figures),
  epochs: epochs(...changes),
});
const failed = (method: string, seed: number): ComparedRun => ({
  method,
  seed,
  folder: `${method}/seed-${seed}`,
  error: "training diverged\n  epoch  1",
  epochs: [],
});

const comparison = (runs: readonly ComparedRun[], methods = ["A", "B"], seeds = [1, 2, 3]): Comparison => ({
  title: "lenet5 on digits",
  methods,
  seeds,
  runs,
  config: { model: "lenet5", methods: { A: {} } },
  environment: { espalier: "0.1.0" },
});

test("mean and sample standard deviation", () => {
  // 2, 4, 4, 4, 5, 5, 7, 9: mean 5, squares 32, 32 / 7
  expect(spread([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ mean: 5, std: Math.sqrt(32 / 7), n: 8 });
  expect(spread([1, 3])).toEqual({ mean: 2, std: Math.SQRT2, n: 2 });
  expect(spread([7])).toEqual({ mean: 7, std: null, n: 1 });
  expect(spread([])).toBeNull();
});

test("truncation is marked as lossy wherever its small model stands beside others", () => {
  const layer = { weight: "w", rank: 2, full: 9, params: { before: 90, after: 40 }, split: true, error: 0.1 };
  const lowRank = { rule: "global", factors: 2, fineTuned: 0, recomposedRelDiff: 0, truncatedAccuracy: 0.8 };
  const run = finished("A", 1, {});
  const cut: ComparedRun = {
    ...run,
    summary: { ...run.summary!, lowRank: { ...lowRank, smallRelDiff: 0.2, seconds: 1, layers: [layer] } },
  };
  const both = comparison([cut, finished("B", 1, {})]);
  const { head, rows } = methodTable(both);
  expect(rows.map((row) => row[head.indexOf("small model")])).toEqual(["90.00 % (lossy)", "90.00 %"]);
  expect(rows.map((row) => row[head.indexOf("parameters kept")])).toEqual(["10.00 % (lossy)", "10.00 %"]);
  expect(
    methodCsv(both)
      .split("\n")
      .map((line) => line.split(",")[3]),
  ).toEqual(["lossy", "1", "0", undefined]);
  const page = comparisonHtml(both, {});
  expect(page).toContain("finished, truncated (lossy)");
  expect(page).toContain("Lossy: singular values were truncated");
  expect(comparisonHtml(comparison([finished("B", 1, {})]), {})).not.toMatch(/lossy/i);
});

test("results per method: failed runs count and enter no mean, a missing figure says so", () => {
  const runs = [
    finished("A", 1, { accuracy: 0.9, kept: 100, stable: 2 }),
    finished("B", 1, { accuracy: 0.5, stable: null }),
    finished("A", 2, { accuracy: 0.92, kept: 200, stable: null }),
    failed("B", 2),
    finished("A", 3, { accuracy: 0.94, kept: 300, stable: 4 }),
  ];
  const [a, b] = methodResults(comparison(runs));
  expect([a.finished, a.failed, b.finished, b.failed]).toEqual([3, 0, 1, 1]);
  expect(a.figures.accuracy?.mean).toBeCloseTo(0.92, 12);
  expect(a.figures.accuracy?.std).toBeCloseTo(0.02, 12);
  expect(a.figures.structureStableSince).toEqual({ mean: 3, std: Math.SQRT2, n: 2 });
  const { head, rows } = methodTable(comparison(runs));
  const shown = rows.map((row) => Object.fromEntries(row.map((cell, j) => [head[j], cell])));
  expect(shown).toMatchObject([
    {
      method: "A",
      accuracy: "92.00 ± 2.00 %",
      "parameters kept": "20.00 ± 10.00 %",
      "MACs kept": "25.00 ± 0.00 %",
      faster: "3.00 ± 0.00×",
      "training step": "8.00 ± 0.00 ms",
      "stable since epoch": "3.0 ± 1.4 (2 of 3)",
      "runs finished": "3 of 3",
    },
    { method: "B", accuracy: "50.00 %", "stable since epoch": "not yet", "runs finished": "1 of 3, 1 failed" },
  ]);
});

test("a method of which every run failed, and one that is still to come, have no figures", () => {
  const table = methodTable(comparison([failed("A", 1)]));
  expect(table.rows.map((row) => new Set(row.slice(1, -1)))).toEqual([new Set(["–"]), new Set(["–"])]);
  expect(table.rows.map((row) => row.at(-1))).toEqual(["0 of 3, 1 failed", "0 of 3"]);
});

test("as long as no run finished, tables and charts agree that they will show the accuracy", async () => {
  for (const runs of [[], [failed("A", 1), failed("B", 1)]]) {
    expect(methodTable(comparison(runs)).head).toContain("accuracy");
    const titles = Object.values(await comparisonCharts(comparison(runs))).map((c) => c.title);
    expect(titles).toContain("Accuracy over epochs");
  }
});

test("without classes the test loss stands for the accuracy", async () => {
  const runs = [finished("A", 1, { accuracy: null }, 1, 0)];
  expect(methodTable(comparison(runs)).head).toContain("test loss");
  expect(methodTable(comparison(runs)).head).not.toContain("accuracy");
  expect(Object.values(await comparisonCharts(comparison(runs))).map((c) => c.title)).toContain(
    "Test loss over epochs",
  );
});

test("the CSV has a row per method, quoted where it must be", () => {
  const name = 'RMDA, "c = 0.1"';
  const [head, row, rest] = methodCsv(comparison([finished(name, 1, { accuracy: 0.9 })], [name])).split("\n");
  expect(head).toMatch(/^method,finished,failed,lossy,accuracy,accuracyStd,/);
  expect(row).toMatch(/^"RMDA, ""c = 0.1""",1,0,0,0.9,,/);
  expect(rest).toBe("");
});

test.each(["=1+1", "+1", "-1", "@sum", "\tx", '=HYPERLINK("a","b")'])(
  "no spreadsheet takes %j for a formula",
  (name) => {
    const [, row] = methodCsv(comparison([], [name])).split("\n");
    const cell = /[",]/.test(name) ? `"'${name.replaceAll('"', '""')}"` : `'${name}`;
    expect(row.startsWith(`${cell},0,0,`)).toBe(true);
  },
);

test("in Markdown a name shows as it is", () => {
  const table = markdown(methodTable(comparison([], ["<b>`c` *x* _y_ [z](u) \\|"])));
  expect(table).toContain("| \\<b>\\`c\\` \\*x\\* \\_y\\_ \\[z](u) \\\\\\| |");
});

/** The points of the bold lines of an SVG: the means. */
const lines = (svg: string): number[][][] =>
  [...svg.matchAll(/<path d="M([^"Z]*)"[^>]* stroke-width="2"/g)].map(([, d]) =>
    d.split(/[LC]/).map((pair) => pair.trim().split(/[ ,]/).map(Number)),
  );

test("lines are the mean of the seeds; the pattern changes are logarithmic with 0 below 1", async () => {
  const runs = [finished("A", 1, {}, 30, 10, 0), finished("A", 2, {}, 10, 10, 0), failed("B", 1)];
  const charts = await comparisonCharts(comparison(runs));
  const drawn = (name: string) => lines(charts[name].svg).filter((points) => points.length === 3);
  const [line] = drawn("changes-epochs");
  const y = line.map(([, height]) => height);
  const decade = (y[2] - y[1]) / 2; // from 10 to "0", which stands where 0.1 would
  expect((y[1] - y[0]) / decade).toBeCloseTo(Math.log10(2), 2); // mean 20 against 10
  const x = line.map(([epoch]) => epoch);
  expect(x[2] - x[1]).toBeCloseTo(x[1] - x[0], 0);
  const [sparsity] = drawn("groups-epochs").map((p) => p.map(([, height]) => height));
  expect(sparsity[0] - sparsity[1]).toBeCloseTo(sparsity[1] - sparsity[2], 0); // 0, 25, 50 %
});

test("charts of nothing, of one seed and of everything failed hold no NaN", async () => {
  for (const runs of [[], [finished("A", 1, {}, 3)], [failed("A", 1), failed("B", 1)]])
    for (const { svg } of Object.values(await comparisonCharts(comparison(runs)))) {
      expect(svg).toContain("<svg");
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    }
});

test("once most is removed the axis spreads what is nearly everything", async () => {
  const at = async (kept: number) =>
    (await comparisonCharts(comparison([finished("A", 1, { kept }, 1)])))["accuracy-parameters"].svg;
  expect(await at(5)).toContain(">99.5 %<"); // 99.5 % removed: up to the next mark
  expect(await at(500)).not.toContain(">99");
});

test("the documents name everything, escape foreign text and link the runs' reports", async () => {
  const evil = "<script>&|";
  const whole = comparison([finished("A", 1, {}, 2, 1), { ...failed(evil, 1), error: `${evil}\nmore` }], ["A", evil]);
  const charts = await comparisonCharts(whole);
  const page = comparisonHtml(whole, charts);
  expect(page).toContain("2 methods × 3 seeds: 1 of 6 runs finished, 1 failed.");
  expect(page).toContain('href="A/seed-1/report.html"');
  expect(page.match(/href=/g)).toHaveLength(1);
  expect(page).not.toContain("<script");
  expect(page.match(/<svg /g)).toHaveLength(6);
  expect(page).not.toMatch(/undefined|NaN|\[object/);
  const text = comparisonMarkdown(whole, charts);
  expect(text).toContain("# lenet5 on digits\n");
  expect(text).toContain("![Accuracy over epochs](accuracy-epochs.svg)");
  expect(text).toContain(`\\<script>&\\|, seed 1:\n\n    ${evil}\n    more\n`);
});

describe("the verdict", () => {
  const three = (a: Figures, b: Figures, c: Figures) =>
    verdict(comparison([finished("A", 1, a), finished("B", 1, b), finished("C", 1, c)], ["A", "B", "C"]));

  test("names the smallest that is as good as the best, and the front", () => {
    const said = three({ accuracy: 0.98, kept: 1000 }, { accuracy: 0.975, kept: 100 }, { accuracy: 0.97, kept: 200 });
    expect(said[0]).toMatch(/^B is the smallest within one point of the best accuracy: 97.50 % with 10.0 % of the/);
    expect(said[1]).toMatch(/: A \(98.00 %, .*\); B \(97.50 %, .*\)\. Beaten by one of them in everything: C\.$/);
    expect(said[2]).toContain("One seed");
  });

  test("says so where none is near the best", () => {
    const said = three({ accuracy: 0.98, kept: 900 }, { accuracy: 0.9, kept: 100 }, { accuracy: 0.8, kept: 50 });
    expect(said[0]).toContain("no smaller one is within one point of it");
    expect(said[1]).not.toContain("Beaten");
  });

  test("goes by the loss where there are no classes, and waits for two methods", () => {
    const none = { accuracy: null };
    expect(three(none, none, none)[0]).toContain("loss 0.25");
    expect(verdict(comparison([finished("A", 1, {}), failed("B", 1)]))).toEqual([]);
  });
});

test("on a page marks say their values, names can be hidden, and foreign names stay text", async () => {
  const evil = `<b>"&`;
  const runs = [finished(evil, 1, {}, 5, 3), finished("B", 1, {}, 2, 1)];
  const of = comparison(runs, [evil, "B"]);
  const page = comparisonHtml(of, await comparisonCharts(of));
  expect(page).toContain("<title>B, epoch 2: 80 %</title>");
  expect(page).toContain("<title>&lt;b>&quot;&amp;, epoch 1: 70 %</title>");
  expect(page).toMatch(/<input type="checkbox" class="t1" checked style="accent-color:var\(--vermilion,#d55e00\)"> B</);
  expect(page).toMatch(/<path class="s1" [^>]*stroke="var\(--vermilion,#d55e00\)"/);
  expect(page).not.toMatch(/ecmeta|data-class|<script|<b>/);
  expect(page).toMatch(/<h2>Verdict<\/h2>[\s\S]*<h2>Methods<\/h2>/);
});
