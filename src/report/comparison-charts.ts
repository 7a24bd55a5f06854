/** A comparison as SVG charts: one colour per method, the mean drawn bold, single runs or their range drawn faint. */
import { mean } from "../math/statistics.ts";
import { type ComparedRun, type Comparison, isScored } from "./comparison.ts";
import { axis, type Chart, countAxis, countHeight, draw, legendOf } from "./draw.ts";
import { colour, SERIES } from "./palette.ts";
import type { EpochMetrics, Summary } from "./results.ts";

type Compared = Pick<Comparison, "methods" | "runs">;
type Finished = ComparedRun & { readonly summary: Summary };

const COLOURS = [...SERIES, colour("ink")];
const SYMBOLS = ["circle", "rect", "triangle", "diamond"];

const finishedOf = ({ runs }: Compared, method: string): Finished[] =>
  runs.filter((r): r is Finished => r.method === method && r.summary !== undefined);

const below = (name: string) => ({ name, nameLocation: "middle", nameGap: 28 });
const percentLabel = { ...axis.axisLabel, formatter: "{value} %" };

/** Shares removed that are marked on an axis that is logarithmic in what is kept. */
const MARKS = [0, 0.5, 0.9, 0.95, 0.99, 0.995, 0.999];
const STRONG = 0.9;
const position = (removed: number): number => -Math.log10(Math.max(1 - removed, 1e-4));

/** A share removed: in percent, or, once some run removes most, logarithmic in what is kept. */
function removedAxis(name: string, removed: readonly number[]): { at: (x: number) => number; option: object } {
  const most = Math.max(0, ...removed);
  if (most < STRONG)
    return {
      at: (x) => x * 100,
      option: { ...axis, ...below(name), type: "value", min: 0, axisLabel: percentLabel },
    };
  const max = position(MARKS.find((m) => m > most) ?? 0.9999);
  const customValues = MARKS.map(position).filter((x) => x <= max + 1e-9);
  const formatter = (x: number) => `${Number(((1 - 10 ** -x) * 100).toFixed(1))} %`;
  return {
    at: position,
    option: {
      ...axis,
      ...below(name),
      type: "value",
      min: 0,
      max,
      axisTick: { show: false, customValues },
      axisLabel: { ...axis.axisLabel, customValues, formatter },
    },
  };
}

/** Accuracy (or, without classes, test loss) of the small model against a share: a point per run, and each method's mean. */
async function against(title: string, name: string, compared: Compared, share: (s: Summary) => number): Promise<Chart> {
  const all = compared.methods.flatMap((m) => finishedOf(compared, m));
  const scored = isScored(compared);
  const y = ({ summary: s }: Finished) => (s.smallAccuracy === null ? s.smallLoss : s.smallAccuracy * 100);
  const x = removedAxis(
    name,
    all.map((r) => share(r.summary)),
  );
  const { legend, rows } = legendOf(compared.methods);
  return draw(title, 320, {
    grid: { left: 64, right: 28, top: 28 + rows, bottom: 46 },
    legend: { ...legend, itemWidth: 12, itemHeight: 12 },
    xAxis: x.option,
    yAxis: { ...axis, type: "value", scale: true, ...(scored && { axisLabel: percentLabel }) },
    series: compared.methods.flatMap((method, i) => {
      const runs = finishedOf(compared, method);
      const color = COLOURS[i % COLOURS.length];
      const style = { name: method, type: "scatter", symbol: SYMBOLS[i % SYMBOLS.length], color };
      const points = runs.map((r) => [x.at(share(r.summary)), y(r)]);
      const middle = runs.length > 0 ? [[x.at(mean(runs.map((r) => share(r.summary)))), mean(runs.map(y))]] : [];
      return [
        { ...style, symbolSize: 16, data: middle, itemStyle: { color, opacity: 0.35 }, z: 2 },
        { ...style, symbolSize: 7, data: points, z: 3 },
      ];
    }),
  });
}

interface OverEpochs {
  readonly title: string;
  readonly of: (m: EpochMetrics) => number | null | undefined;
  /** A second line per method, dotted. */
  readonly dotted?: (m: EpochMetrics) => number | undefined;
  readonly yAxis: object;
  /** From a value to its height. */
  readonly at?: (value: number) => number;
}

interface Point {
  readonly epoch: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/** Over the runs, for each epoch in which one of them has the value. */
function pointsOf(runs: readonly Finished[], of: OverEpochs["of"]): Point[] {
  const byEpoch = new Map<number, number[]>();
  for (const m of runs.flatMap((r) => r.epochs)) {
    const value = of(m);
    if (typeof value === "number" && Number.isFinite(value))
      byEpoch.set(m.epoch, [...(byEpoch.get(m.epoch) ?? []), value]);
  }
  return [...byEpoch]
    .sort(([a], [b]) => a - b)
    .map(([epoch, v]) => ({ epoch, mean: mean(v), min: Math.min(...v), max: Math.max(...v) }));
}

/** One line per method, the mean of its seeds, in a band from the smallest to the largest. */
function overEpochs(compared: Compared, { title, of, dotted, yAxis, at = (v) => v }: OverEpochs): Promise<Chart> {
  const { legend, rows } = legendOf(compared.methods);
  const last = Math.max(1, ...compared.runs.filter((r) => r.summary).flatMap((r) => r.epochs.map((m) => m.epoch)));
  const series = compared.methods.flatMap((method, i) => {
    const runs = finishedOf(compared, method);
    const color = COLOURS[i % COLOURS.length];
    const line = (points: readonly Point[], lineStyle: object) => ({
      name: method,
      type: "line",
      color,
      z: 3,
      symbol: "circle",
      symbolSize: 5,
      showSymbol: points.length === 1,
      lineStyle,
      data: points.map((p) => [p.epoch, at(p.mean)]),
    });
    const points = pointsOf(runs, of);
    const secondary = dotted ? pointsOf(runs, dotted) : [];
    const type = i < COLOURS.length ? "solid" : "dashed";
    return [
      line(points, { width: 2, type }),
      ...(secondary.length > 0 ? [line(secondary, { width: 1.5, type: "dotted" })] : []),
      ...(runs.length > 1 ? band(`${i}`, color, points, at) : []),
    ];
  });
  return draw(title, 300, {
    grid: { left: 56, right: 24, top: 20 + rows, bottom: 44 },
    legend,
    xAxis: {
      ...axis,
      ...below("epoch"),
      nameGap: 26,
      splitLine: { show: false },
      type: "value",
      min: 0,
      max: last,
      minInterval: 1,
    },
    yAxis: { ...axis, type: "value", ...yAxis },
    series,
  });
}

/** An invisible line along the smallest values, and on it an area up to the largest. */
const band = (stack: string, color: string, points: readonly Point[], at: (value: number) => number): object[] =>
  [
    { areaStyle: undefined, height: (p: Point) => at(p.min) },
    { areaStyle: { color, opacity: 0.18 }, height: (p: Point) => at(p.max) - at(p.min) },
  ].map(({ areaStyle, height }) => ({
    type: "line",
    stack,
    stackStrategy: "all",
    silent: true,
    symbol: "none",
    z: 1,
    lineStyle: { width: 0 },
    areaStyle,
    data: points.map((p) => [p.epoch, height(p)]),
  }));

const percentAxis = { axisLabel: percentLabel };
const shareAxis = { min: 0, ...percentAxis };

/** The charts of a comparison by the name of their file. Without classes those of accuracy show the test loss. */
export async function comparisonCharts(compared: Compared): Promise<Record<string, Chart>> {
  const scored = isScored(compared);
  const quality = scored ? "Accuracy" : "Test loss";
  const times100 = (x: number | null | undefined) => (typeof x === "number" ? x * 100 : undefined);
  const [parameters, groups, sparsity, elements, changes, accuracy] = await Promise.all([
    against(
      `${quality} against parameters removed`,
      "parameters removed",
      compared,
      (s) => 1 - s.params.after / s.params.before,
    ),
    against(`${quality} against zero groups`, "zero groups", compared, (s) => s.groupSparsity),
    overEpochs(compared, {
      title: "Zero groups over epochs",
      of: (m) => m.groupSparsity * 100,
      dotted: (m) => times100(m.dual?.groupSparsity),
      yAxis: shareAxis,
    }),
    overEpochs(compared, { title: "Zero weights over epochs", of: (m) => m.elementSparsity * 100, yAxis: shareAxis }),
    overEpochs(compared, {
      title: "Groups that became zero or nonzero, per epoch",
      of: (m) => m.patternChanges,
      yAxis: countAxis,
      at: countHeight,
    }),
    overEpochs(compared, {
      title: `${quality} over epochs`,
      of: scored ? (m) => times100(m.testAccuracy) : (m) => m.testLoss,
      yAxis: { scale: true, ...(scored && percentAxis) },
    }),
  ]);
  return {
    "accuracy-parameters": parameters,
    "accuracy-groups": groups,
    "groups-epochs": sparsity,
    "weights-epochs": elements,
    "changes-epochs": changes,
    "accuracy-epochs": accuracy,
  };
}
