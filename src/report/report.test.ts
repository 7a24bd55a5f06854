import { expect, test } from "vitest";
import { accuracyChart, courseChart, curveChart, layerChart, lossChart } from "./charts.ts";
import { count, duration, fileSize, milliseconds, percent, shapeText, significant, times } from "./format.ts";
import { reportHtml } from "./html.ts";
import { isLossy } from "./low-rank.ts";
import type { EpochMetrics, LayerRow, LowRank, RunReport } from "./results.ts";
import { beforeAfterTable, layerTable, markdown } from "./table.ts";
import { usage } from "./usage.ts";

const layers: readonly LayerRow[] = [
  {
    name: "conv1.weight",
    shape: [20, 1, 5, 5],
    smallShape: [6, 1, 5, 5],
    params: 500,
    groups: 0,
    zeroGroups: 0,
    sparsity: 0,
  },
  {
    name: "conv2.weight",
    shape: [50, 20, 5, 5],
    smallShape: [17, 6, 5, 5],
    params: 25000,
    groups: 20,
    zeroGroups: 14,
    sparsity: 0.7,
  },
  {
    name: "fc1.weight",
    shape: [500, 800],
    smallShape: [92, 272],
    params: 400000,
    groups: 50,
    zeroGroups: 33,
    sparsity: 0.66,
  },
  {
    name: "fc2.weight",
    shape: [10, 500],
    smallShape: [10, 92],
    params: 5000,
    groups: 500,
    zeroGroups: 408,
    sparsity: 0.816,
  },
];

function sampleRun(): RunReport {
  const epochs = Array.from({ length: 24 }, (_, i): EpochMetrics => {
    const grown = 1 - Math.exp(-i / 6);
    return {
      epoch: i + 1,
      loss: 0.04 + 0.5 * Math.exp(-i / 4),
      accuracy: 0.988 - 0.12 * Math.exp(-i / 3),
      testLoss: 0.05 + 0.4 * Math.exp(-i / 4),
      testAccuracy: 0.986 - 0.1 * Math.exp(-i / 3),
      groupSparsity: i < 15 ? 0.4 * grown : 0.8,
      weightedGroupSparsity: i < 15 ? 0.35 * grown : 0.68,
      elementSparsity: i < 15 ? 0.35 * grown : 0.69,
      inputChannel: { groupSparsity: 0.5 * grown, weightedGroupSparsity: 0.4 * grown },
      dual: { groupSparsity: 0.8 * grown, weightedGroupSparsity: 0.68 * grown },
      lr: 0.1,
      c: 0.1,
      patternChanges: i < 18 ? 18 - i : 0,
      seconds: 3.1,
      msPerStep: 8.4,
    };
  });
  return {
    title: "LeNet-5 on digits",
    config: {
      model: "lenet5",
      data: "digits",
      optimizer: { name: "rmda", c: 0.1 },
      penalty: { name: "group-lasso", lambda: 0.0002 },
      milestones: [9, 15],
      seed: 1,
    },
    environment: { espalier: "0.1.0", "ONNX Runtime": "1.30.0", Node: "20.20.2", platform: "linux x64", threads: 2 },
    epochs,
    milestones: [9, 15],
    layers,
    removals: [
      { tensor: "conv1.weight", axis: 0, count: 14, reason: "unread" },
      { tensor: "fc1.weight", axis: 0, count: 408, reason: "unread" },
      { tensor: "fc3.weight", axis: null, count: 1, reason: "folded constant" },
    ],
    input: { name: "input", shape: ["N", 1, 28, 28], output: "logits", mean: [0.1307], std: [0.3081] },
    summary: {
      accuracy: 0.9863,
      smallAccuracy: 0.9863,
      loss: 0.0461,
      smallLoss: 0.0461,
      groupSparsity: 0.8,
      weightedGroupSparsity: 0.68,
      elementSparsity: 0.69,
      inputChannel: { groupSparsity: 0.71, weightedGroupSparsity: 0.66 },
      params: { before: 431080, after: 29123 },
      macs: { before: 2293000, after: 214000 },
      bytes: { before: 1725012, after: 118220 },
      latencyMs: { before: 0.312, after: 0.0714 },
      latencyMsBatch128: { before: 21.4, after: 3.93 },
      maxAbsDiff: 4.8e-6,
      maxRelDiff: 3.1e-7,
      epochs: 24,
      seconds: 75.2,
      msPerStep: 8.4,
      structureStableSince: 18,
    },
  };
}

test("numbers read as people write them", () => {
  expect([count(1234567), count(Number.NaN)]).toEqual(["1,234,567", "–"]);
  expect([percent(0.98612), percent(0.5, 0), percent(null)]).toEqual(["98.61 %", "50 %", "–"]);
  expect([0, 999, 12345, 999_600, 12_345_678].map(fileSize)).toEqual(["0 B", "999 B", "12.3 kB", "1.00 MB", "12.3 MB"]);
  expect([0.3127, 21.4, 1234].map(milliseconds)).toEqual(["0.313 ms", "21.4 ms", "1234 ms"]);
  expect([0, 4.8e-6, 0.0123, 123.4, 3e7].map(significant)).toEqual(["0", "4.8e-6", "0.0123", "123", "3.0e+7"]);
  expect([times(8, 2.5), times(148, 10), times(1, 0)]).toEqual(["3.2×", "14.8×", "–"]);
  expect([3.14, 59.6, 75.2, 7260].map(duration)).toEqual(["3.1 s", "1 min 0 s", "1 min 15 s", "2 h 1 min"]);
  expect([shapeText([20, 1, 5, 5]), shapeText([])]).toEqual(["20×1×5×5", "scalar"]);
});

test("the tables", () => {
  expect(markdown(beforeAfterTable(sampleRun().summary))).toMatchInlineSnapshot(`
    "|                           |    before |     after |          change |
    | ------------------------- | --------: | --------: | --------------: |
    | test accuracy             |   98.63 % |   98.63 % |           equal |
    | parameters                |   431,080 |    29,123 |     14.8× fewer |
    | multiply-adds per example | 2,293,000 |   214,000 |     10.7× fewer |
    | file                      |   1.73 MB |    118 kB |   14.6× smaller |
    | latency, batch 1          |  0.312 ms | 0.0714 ms |     4.4× faster |
    | latency, batch 128        |   21.4 ms |   3.93 ms |     5.4× faster |
    | largest output difference |           |    4.8e-6 | 3.1e-7 relative |"
  `);
  expect(
    markdown(layerTable([{ ...layers[1], smallShape: undefined, note: "read by Foo | Bar" }, layers[2]])),
  ).toMatchInlineSnapshot(`
    "| layer        |     shape |   after | parameters | input channels | of them zero | zero weights | kept because       |
    | ------------ | --------: | ------: | ---------: | -------------: | -----------: | -----------: | ------------------ |
    | conv2.weight | 50×20×5×5 | removed |     25,000 |             20 |           14 |       70.0 % | read by Foo \\| Bar |
    | fc1.weight   |   500×800 |  92×272 |    400,000 |             50 |           33 |       66.0 % |                    |"
  `);
});

const ranked = (split: boolean, more: Partial<LowRank> = {}): LowRank => ({
  rule: "global",
  factors: 2,
  fineTuned: 0,
  recomposedRelDiff: 1.5e-7,
  truncatedAccuracy: 0.97,
  smallRelDiff: 0.31,
  seconds: 65,
  layers: [
    {
      weight: "a",
      rank: 4,
      full: 20,
      params: { before: 400, after: split ? 160 : 400 },
      split,
      error: split ? 0.2 : 0,
    },
    { weight: "b", rank: 18, full: 20, params: { before: 400, after: 400 }, split: false, error: 0 },
  ],
  ...more,
});

test("what truncation lost is called lossy, and apart from rounding; layers that stay count as whole", async () => {
  const run = sampleRun();
  const summary = { ...run.summary, lowRank: ranked(true) };
  const rows = beforeAfterTable(summary).rows.slice(6);
  expect(rows).toEqual([
    ["singular values (lossy)", "40", "24", "1.7× fewer"],
    ["largest difference by composing back", "", "", "1.5e-7 relative"],
    ["largest difference in all (lossy)", "", "", "0.310 relative"],
    ["largest difference by shrinking", "", "4.8e-6", "3.1e-7 relative"],
  ]);
  const page = await reportHtml({ ...run, summary });
  for (const said of ["Truncated (lossy), then", "truncated (lossy); before 98.63 %", "<strong>not</strong> the same"])
    expect(page).toContain(said);
  expect(page).toContain("ranks and fine-tuning 1 min 5 s");
  expect(page).not.toContain("Why it is the same function");
});

test.each([ranked(false), ranked(true, { rule: "prox" })])(
  "low rank without a loss is not called lossy",
  async (lowRank) => {
    const run = sampleRun();
    const page = await reportHtml({ ...run, summary: { ...run.summary, lowRank } });
    expect(page).toContain("Why it is the same function");
    expect(page).not.toMatch(/lossy/);
    expect(isLossy({ lowRank: ranked(false, { fineTuned: 1 }) })).toBe(true);
  },
);

test("a larger or slower result is called so", () => {
  const { summary } = sampleRun();
  const worse = beforeAfterTable({
    ...summary,
    smallAccuracy: 0.98,
    latencyMs: { before: 1, after: 2 },
    params: { before: 7, after: 7 },
  });
  expect(worse.rows.map((r) => r[3]).slice(0, 5)).toMatchInlineSnapshot(`
    [
      "−0.63 points",
      "same",
      "10.7× fewer",
      "14.6× smaller",
      "2.0× slower",
    ]
  `);
});

test("the five lines that run a model", () => {
  expect(usage(sampleRun().input)).toMatchInlineSnapshot(`
    "import * as ort from "onnxruntime-node";
    const session = await ort.InferenceSession.create("small.onnx");
    const values = new Float32Array(784); // (pixel / 255 − mean) / std, mean 0.1307, std 0.3081
    const result = await session.run({ input: new ort.Tensor("float32", values, [1, 1, 28, 28]) });
    console.log(result.logits.data);"
  `);
});

test("a chart is the same bytes each time, and empty series are drawn too", async () => {
  const { epochs } = sampleRun();
  expect(await accuracyChart(epochs)).toEqual(await accuracyChart(epochs));
  for (const chart of await Promise.all([
    accuracyChart([]),
    accuracyChart([{ ...epochs[0], accuracy: Number.NaN }]),
    layerChart([]),
  ]))
    expect(chart.svg).not.toMatch(/NaN|undefined/);
});

test("samples that are not scored after every epoch make a line nevertheless", async () => {
  const epochs = sampleRun().epochs.map((m) => (m.epoch % 2 ? { ...m, testLoss: null, testAccuracy: null } : m));
  for (const chart of [accuracyChart(epochs), lossChart(epochs), courseChart("one run", epochs)]) {
    const paths = (await chart).svg.match(/<path[^>]*>/g)!;
    const broken = paths.filter((path) => / d="M[\d.]+ [\d.]+M/.test(path)); // points between gaps, where nothing is drawn
    expect(broken).toEqual([]);
  }
});

test("the curve names its methods and points", async () => {
  const { svg } = await curveChart("Accuracy <and> sparsity", [
    {
      name: "RMDA",
      points: [
        { sparsity: 0.9, accuracy: 0.97, label: "λ 1e-3" },
        { sparsity: 0.2, accuracy: 0.99 },
      ],
    },
    { name: "dense SGD", points: [{ sparsity: 0, accuracy: 0.991 }] },
  ]);
  for (const text of ["Accuracy &lt;and>", "RMDA", "dense SGD", "λ 1e-3"]) expect(svg).toContain(text);
});

test("the report is one self-contained file", async () => {
  const page = await reportHtml(sampleRun());
  expect(page).toMatch(/^<!doctype html>/);
  expect(page).not.toMatch(/<script|<link|<iframe|@import|javascript:/i);
  expect(page).not.toMatch(/(src|href)\s*=/i);
  expect(page).not.toMatch(/url\((?!#)/);
  expect(page.match(/<svg /g)).toHaveLength(5);
  expect(page).not.toMatch(/undefined|NaN|\[object/);
});

test("foreign text is escaped", async () => {
  const run = sampleRun();
  const evil = `<script>alert("1")</script>&`;
  const page = await reportHtml({
    ...run,
    title: evil,
    config: { [evil]: { deep: [evil] } },
    environment: { os: evil },
    layers: [{ ...run.layers[0], name: evil, note: evil }],
    removals: [{ tensor: evil, axis: 0, count: 1, reason: evil }],
    input: { ...run.input, name: evil, output: evil },
  });
  expect(page).not.toContain("<script");
  expect(page).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;");
});

test("a run of one epoch without classes or removals is reported too", async () => {
  const run = sampleRun();
  const page = await reportHtml({
    ...run,
    epochs: [{ ...run.epochs[0], accuracy: null, testAccuracy: null }],
    summary: { ...run.summary, accuracy: null, smallAccuracy: null },
    layers: [],
    removals: [],
    milestones: [],
  });
  expect(page).toContain("Nothing could be removed.");
  expect(page).not.toContain("Accuracy over epochs");
  expect(page).not.toMatch(/undefined|NaN|\[object/);
});
