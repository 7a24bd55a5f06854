/** Named lines of points, for the figures of an experiment. */
import { axis, type Chart, countAxis, countHeight, draw, label, legendOf } from "./draw.ts";
import { SERIES } from "./palette.ts";

/** One line; a null leaves a gap. */
export interface PlotLine {
  readonly name: string;
  readonly points: readonly (readonly [number, number | null])[];
  readonly dashed?: boolean;
}

/** What the axes say. */
export interface PlotAxes {
  readonly x: string;
  readonly y: string;
  /** Heights are counts from 0 up, drawn logarithmically; 0 stands one decade below 1. */
  readonly counts?: boolean;
  /** The y axis begins at 0. Default false. */
  readonly fromZero?: boolean;
}

/** @param lines beyond the colours of the palette are dashed */
export function lineChart(title: string, lines: readonly PlotLine[], axes: PlotAxes): Promise<Chart> {
  const { x, y, counts = false, fromZero = false } = axes;
  const at = (v: number | null) => (v === null ? null : counts ? countHeight(v) : v);
  const most = Math.max(...lines.map((l) => l.points.length));
  const { legend, rows } = legendOf(lines.map((l) => l.name));
  return draw(title, 300 + rows, {
    grid: { left: 60, right: 24, top: 30 + rows, bottom: 46 },
    legend,
    xAxis: {
      ...axis,
      splitLine: { show: false },
      type: "value",
      name: x,
      nameLocation: "middle",
      nameGap: 28,
      scale: true,
    },
    yAxis: {
      ...axis,
      type: "value",
      name: y,
      nameTextStyle: { ...label, align: "left", padding: [0, 0, 0, -40] },
      ...(counts ? countAxis : { scale: !fromZero }),
    },
    series: lines.map((l, i) => ({
      name: l.name,
      type: "line",
      showSymbol: most <= 20,
      symbol: "circle",
      symbolSize: 5,
      lineStyle: { width: 2, type: l.dashed || i >= SERIES.length ? "dashed" : "solid" },
      data: l.points.map(([a, b]) => [a, at(b)]),
    })),
  });
}
