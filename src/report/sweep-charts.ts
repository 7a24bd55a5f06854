/** A sweep as charts: objective against objective with the front as a line, what was found by then, the course of every trial. */
import { axis, type Chart, draw, legend, label as small } from "./draw.ts";
import { type ObjectiveName, objectives } from "./objectives.ts";
import { colour, SERIES } from "./palette.ts";
import type { EpochMetrics } from "./results.ts";
import { frontRows, type SweepResult, type SweepRow } from "./sweep.ts";

const below = (name: string) => ({ name, nameLocation: "middle", nameGap: 28 });

/** Accuracies in percent; everything else by itself. */
const scaleOf = (name: ObjectiveName): number => (name === "accuracy" ? 100 : 1);
const label = (name: ObjectiveName) => ({
  ...axis.axisLabel,
  formatter: (x: number) => objectives[name].show(x / scaleOf(name)),
});
const figure = (row: SweepRow, name: ObjectiveName): number => (row.figures?.[name] ?? Number.NaN) * scaleOf(name);
const finished = ({ trials }: SweepResult): SweepRow[] => trials.filter((row) => row.figures);

/** From so many times the smallest on, sizes stand on a logarithmic axis: else the small models lie on one heap. */
const WIDE = 30;

/**
 * The first objective against another: a point per trial; the front as steps, since between two of its models nobody has one, each with
 * the number of its trial.
 */
function paretoChart(result: SweepResult, other: ObjectiveName): Promise<Chart> {
  const [first] = result.objectives;
  const fewer = objectives[other].better === "lower";
  const onFront = new Set(result.front);
  const point = (row: SweepRow) => [figure(row, other), figure(row, first), row.number + 1];
  const front = frontRows(result)
    .map(point)
    .sort(([a], [b]) => a - b);
  const others = finished(result).filter((row) => !onFront.has(row.number));
  const sizes = finished(result).map((row) => figure(row, other));
  const wide = Math.min(...sizes) > 0 && Math.max(...sizes) > WIDE * Math.min(...sizes);
  return draw(`${capital(objectives[first].head)} against ${objectives[other].head}`, 320, {
    grid: { left: 84, right: 32, top: 40, bottom: 46 },
    legend: { ...legend, data: ["trials", "Pareto front"] },
    xAxis: {
      ...axis,
      ...below(`${objectives[other].head} of the small model${fewer ? " (less is better)" : ""}`),
      type: wide ? "log" : "value",
      scale: true,
      axisLabel: label(other),
    },
    yAxis: {
      ...axis,
      ...below(objectives[first].head),
      nameGap: 66,
      type: "value",
      scale: true,
      axisLabel: label(first),
    },
    series: [
      { name: "trials", type: "scatter", symbolSize: 7, color: SERIES[0], data: others.map(point), z: 2 },
      {
        name: "Pareto front",
        type: "line",
        step: fewer ? "end" : "start",
        symbol: "circle",
        symbolSize: 9,
        color: SERIES[1],
        lineStyle: { width: 2 },
        label: {
          ...small,
          show: true,
          position: "top",
          formatter: ({ value }: { value: number[] }) => `${value[2]}`,
        },
        labelLayout: { hideOverlap: true },
        data: front,
        z: 3,
      },
    ],
  });
}

/** The first objective of each trial, and the best until then. */
function foundChart(result: SweepResult): Promise<Chart> {
  const [first] = result.objectives;
  const points = finished(result).map((row) => [row.number + 1, figure(row, first)]);
  const better = objectives[first].better === "higher" ? Math.max : Math.min;
  let best = Number.NaN;
  const line = points.map(([x, y]) => {
    best = Number.isNaN(best) ? y : better(best, y);
    return [x, best];
  });
  return draw(`${capital(objectives[first].head)} by trial`, 280, {
    grid: { left: 72, right: 24, top: 40, bottom: 44 },
    legend: { ...legend, data: ["trials", "best so far"] },
    xAxis: {
      ...axis,
      ...below("trial"),
      type: "value",
      min: 0,
      max: Math.max(1, result.planned),
      minInterval: 1,
      splitLine: { show: false },
    },
    yAxis: { ...axis, type: "value", scale: true, axisLabel: label(first) },
    series: [
      { name: "trials", type: "scatter", symbolSize: 7, color: SERIES[0], data: points },
      {
        name: "best so far",
        type: "line",
        step: "end",
        showSymbol: line.length === 1,
        color: SERIES[1],
        lineStyle: { width: 2 },
        data: line,
      },
    ],
  });
}

/** The first objective over the epochs, one line per trial: where early stopping ended it, the line ends. */
function courseOfTrials(result: SweepResult): Promise<Chart> {
  const [first] = result.objectives;
  const value = (m: EpochMetrics) => objectives[first].atEpoch(m);
  const last = Math.max(1, ...result.trials.map((row) => row.epochs.length));
  return draw(`${capital(objectives[first].head)} over epochs`, 300, {
    grid: { left: 72, right: 24, top: 24, bottom: 44 },
    xAxis: {
      ...axis,
      ...below("epoch"),
      nameGap: 26,
      type: "value",
      min: 0,
      max: last,
      minInterval: 1,
      splitLine: { show: false },
    },
    yAxis: { ...axis, type: "value", scale: true, axisLabel: label(first) },
    series: result.trials.map((row) => {
      const onFront = result.front.includes(row.number);
      return {
        name: `trial ${row.number + 1}`,
        type: "line",
        silent: true,
        symbol: "circle",
        symbolSize: 4,
        showSymbol: row.epochs.length === 1,
        color: onFront ? SERIES[1] : colour("muted"),
        lineStyle: { width: onFront ? 2 : 1, opacity: onFront ? 1 : 0.5 },
        z: onFront ? 3 : 2,
        data: row.epochs.flatMap((m) => {
          const y = value(m);
          return y === null || !Number.isFinite(y) ? [] : [[m.epoch, y * scaleOf(first)]];
        }),
      };
    }),
  });
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The charts of a sweep by the name of their file. */
export async function sweepCharts(result: SweepResult): Promise<Record<string, Chart>> {
  const [, ...others] = result.objectives;
  const pareto = await Promise.all(
    others.map(async (name) => [`front-${name}`, await paretoChart(result, name)] as const),
  );
  const [found, course] = await Promise.all([foundChart(result), courseOfTrials(result)]);
  return { ...Object.fromEntries(pareto), "best-trials": found, "course-trials": course };
}
