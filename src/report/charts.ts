/** Results as SVG charts, readable in light and dark, without script or outside resource. */
import { axis, type Chart, draw, label, legend } from "./draw.ts";
import { count, fileSize, milliseconds } from "./format.ts";
import { colour, SERIES } from "./palette.ts";
import type { BeforeAfter, Curve, EpochMetrics, LayerRow, Summary } from "./results.ts";

interface Line {
  readonly name: string;
  readonly of: (m: EpochMetrics) => number | null | undefined;
  readonly colour: number;
  readonly dashed?: boolean;
  /** Of samples that are scored after some epochs only: a line over the others. */
  readonly scored?: boolean;
}

interface EpochChart {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
  readonly milestones?: readonly number[];
  /** The range of a percentage starts at zero; a loss or an accuracy uses the room it needs. */
  readonly fromZero?: boolean;
}

function overEpochs(epochs: readonly EpochMetrics[], chart: EpochChart): Promise<Chart> {
  const scale = chart.unit === "%" ? 100 : 1;
  const finite = (x: number | null | undefined) => (typeof x === "number" && Number.isFinite(x) ? x * scale : null);
  const last = Math.max(1, ...epochs.map((m) => m.epoch));
  const drawn = chart.lines.filter((line) => epochs.some((m) => finite(line.of(m)) !== null));
  const markLine = {
    silent: true,
    symbol: "none",
    label: { show: false },
    lineStyle: { color: colour("muted"), type: "dotted", width: 1 },
    data: (chart.milestones ?? []).filter((m) => m < last).map((m) => ({ xAxis: m })),
  };
  return draw(chart.title, 280, {
    grid: { left: 56, right: 24, top: 40, bottom: 44 },
    legend,
    xAxis: {
      ...axis,
      splitLine: { show: false },
      type: "value",
      name: "epoch",
      nameLocation: "middle",
      nameGap: 26,
      min: 0,
      max: last,
      minInterval: 1,
    },
    yAxis: {
      ...axis,
      type: "value",
      scale: !chart.fromZero,
      axisLabel: { ...axis.axisLabel, formatter: `{value}${scale > 1 ? " %" : ""}` },
    },
    series: drawn.map((line, i) => ({
      name: line.name,
      type: "line",
      color: SERIES[line.colour],
      data: epochs.map((m) => [m.epoch, finite(line.of(m))]),
      showSymbol: (line.scored ? epochs.filter((m) => finite(line.of(m)) !== null) : epochs).length <= 15,
      connectNulls: line.scored,
      symbol: "circle",
      symbolSize: 5,
      lineStyle: { width: 2, type: line.dashed ? "dashed" : "solid" },
      ...(i === 0 ? { markLine } : {}),
    })),
  });
}

/** Training, validation and test loss. */
export const lossChart = (epochs: readonly EpochMetrics[], milestones?: readonly number[]): Promise<Chart> =>
  overEpochs(epochs, {
    title: "Loss over epochs",
    unit: "",
    milestones,
    lines: [
      { name: "training", of: (m) => m.loss, colour: 0 },
      { name: "validation", of: (m) => m.valLoss, colour: 2, scored: true },
      { name: "test", of: (m) => m.testLoss, colour: 1, scored: true },
    ],
  });

/** Training, validation and test accuracy, in percent. */
export const accuracyChart = (epochs: readonly EpochMetrics[], milestones?: readonly number[]): Promise<Chart> =>
  overEpochs(epochs, {
    title: "Accuracy over epochs",
    unit: "%",
    milestones,
    lines: [
      { name: "training", of: (m) => m.accuracy, colour: 0 },
      { name: "validation", of: (m) => m.valAccuracy, colour: 2, scored: true },
      { name: "test", of: (m) => m.testAccuracy, colour: 1, scored: true },
    ],
  });

/** Group, weighted and element sparsity, in percent; dashed: the groups of W̃ while RMDA still averages. */
export const sparsityChart = (epochs: readonly EpochMetrics[], milestones?: readonly number[]): Promise<Chart> =>
  overEpochs(epochs, {
    title: "Sparsity over epochs",
    unit: "%",
    milestones,
    fromZero: true,
    lines: [
      { name: "groups", of: (m) => m.groupSparsity, colour: 0 },
      { name: "groups of W̃", of: (m) => m.dual?.groupSparsity, colour: 0, dashed: true },
      { name: "weights in groups", of: (m) => m.weightedGroupSparsity, colour: 1 },
      { name: "all weights", of: (m) => m.elementSparsity, colour: 2 },
      { name: "singular values", of: (m) => m.lowRankLevel, colour: 3 },
    ],
  });

const course: readonly Line[] = [
  { name: "test accuracy", of: (m) => m.testAccuracy, colour: 1, scored: true },
  { name: "groups zero", of: (m) => m.groupSparsity, colour: 0 },
  { name: "groups of W̃", of: (m) => m.dual?.groupSparsity, colour: 0, dashed: true },
  { name: "all weights zero", of: (m) => m.elementSparsity, colour: 2 },
  { name: "singular values zero", of: (m) => m.lowRankLevel, colour: 3 },
];

/** Test accuracy and those sparsities of one run that are not zero throughout, in percent. */
export const courseChart = (title: string, epochs: readonly EpochMetrics[]): Promise<Chart> =>
  overEpochs(epochs, {
    title,
    unit: "%",
    fromZero: true,
    lines: course.filter(({ of }, i) => i === 0 || epochs.some((m) => (of(m) ?? 0) > 0)),
  });

interface Bar {
  readonly name: string;
  /** 0 … 1 */
  readonly share: number;
  readonly text: string;
}

/** Horizontal bars of 0 … 100 %, first on top, each with its figures beside it. */
function bars(title: string, rows: readonly Bar[], color: string): Promise<Chart> {
  const longest = Math.max(0, ...rows.map((r) => r.name.length));
  return draw(title, 44 + 30 * rows.length, {
    grid: { left: Math.min(190, 16 + 7 * longest), right: 150, top: 4, bottom: 34 },
    xAxis: {
      ...axis,
      type: "value",
      min: 0,
      max: 100,
      interval: 25,
      axisLabel: { ...axis.axisLabel, formatter: "{value} %" },
    },
    yAxis: {
      ...axis,
      type: "category",
      inverse: true,
      data: rows.map((r) => r.name),
      axisLabel: { ...label, color: colour("ink"), width: 174, overflow: "truncate", interval: 0 },
    },
    series: [
      {
        type: "bar",
        color,
        barWidth: 16,
        showBackground: true,
        backgroundStyle: { color: colour("faint") },
        data: rows.map((r) => Math.min(100, r.share * 100)),
      },
      {
        // An empty bar over the full width carries the figures, so that they stand in one column.
        type: "bar",
        barGap: "-100%",
        barWidth: 16,
        color: "transparent",
        data: rows.map((r) => ({
          value: 100,
          label: { show: true, position: "right", formatter: () => r.text, ...label, color: colour("ink") },
        })),
      },
    ],
  });
}

/** Zero input channels per layer, in percent. */
export const layerChart = (layers: readonly LayerRow[]): Promise<Chart> =>
  bars(
    "Input channels that are exactly zero",
    layers
      .filter((l) => l.groups > 0)
      .map((l) => ({
        name: l.name,
        share: l.zeroGroups / l.groups,
        text: `${count(l.zeroGroups)} of ${count(l.groups)}`,
      })),
    colour("green"),
  );

/** What is left after shrinking, in percent of what was. */
export function sizeChart(s: Summary): Promise<Chart> {
  const row = (name: string, { before, after }: BeforeAfter, show: (n: number) => string): Bar => ({
    name,
    share: before > 0 ? after / before : 0,
    text: `${show(before)} → ${show(after)}`,
  });
  return bars(
    "What is left after shrinking",
    [
      row("parameters", s.params, count),
      row("multiply-adds", s.macs, count),
      row("file", s.bytes, fileSize),
      row("latency, batch 1", s.latencyMs, milliseconds),
      row("latency, batch 128", s.latencyMsBatch128, milliseconds),
    ],
    colour("blue"),
  );
}

/** Accuracy against sparsity, one line per method; a point may carry a label such as its λ. */
export function curveChart(title: string, curves: readonly Curve[]): Promise<Chart> {
  const percentAxis = { ...axis, type: "value", axisLabel: { ...axis.axisLabel, formatter: "{value} %" } };
  return draw(title, 380, {
    grid: { left: 64, right: 40, top: 64, bottom: 48 },
    legend,
    xAxis: { ...percentAxis, name: "sparsity", nameLocation: "middle", nameGap: 28, min: 0, max: 100 },
    yAxis: { ...percentAxis, name: "accuracy", scale: true },
    series: curves.map((c) => ({
      name: c.name,
      type: "line",
      symbol: "circle",
      symbolSize: 7,
      lineStyle: { width: 2 },
      data: [...c.points]
        .sort((a, b) => a.sparsity - b.sparsity)
        .map((p) => ({
          value: [p.sparsity * 100, p.accuracy * 100],
          label: { show: p.label !== undefined, position: "top", formatter: () => p.label ?? "", ...label },
        })),
    })),
  });
}
