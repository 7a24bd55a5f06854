/** One chart: options in, an SVG out that stands alone — drawn by ECharts without a browser. */
import { hideableNames, type LiveChart, liveMarks, liveOption } from "./live-chart.ts";
import { colour, paletteCss, SERIES } from "./palette.ts";

/** The charting library is large; it is loaded with the first chart, in part, and once. */
let library: Promise<typeof import("echarts/core")> | undefined;

async function load(): Promise<typeof import("echarts/core")> {
  const [
    echarts,
    { BarChart, LineChart, ScatterChart },
    { GridComponent, LegendComponent, MarkLineComponent },
    { SVGRenderer },
  ] = await Promise.all([
    import("echarts/core"),
    import("echarts/charts"),
    import("echarts/components"),
    import("echarts/renderers"),
  ]);
  echarts.use([BarChart, LineChart, ScatterChart, GridComponent, LegendComponent, MarkLineComponent, SVGRenderer]);
  return echarts;
}

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";
const WIDTH = 520; // px

/** An SVG document and what it shows. */
export interface Chart {
  readonly title: string;
  readonly svg: string;
  /** The same for a page: marks say their values under the pointer, and what belongs to a name can be hidden. Without it: svg. */
  readonly live?: LiveChart;
}

/** Text beside a chart's marks. */
export const label = { color: colour("muted"), fontSize: 12, fontFamily: FONT };
/** What all axes share. */
export const axis = {
  nameTextStyle: label,
  axisLabel: { ...label, hideOverlap: true },
  axisLine: { show: false },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: colour("line"), width: 1 } },
};

/** The legend of every chart; by itself it names the series. */
export const legend = { top: 0, left: 0, itemGap: 26, itemWidth: 22, itemHeight: 8, textStyle: label };

/** A legend of these names, and the height in px of the rows that it takes. */
export function legendOf(names: readonly string[]): { legend: object; rows: number } {
  let [rows, x] = [1, 0];
  for (const name of names) {
    const width = 26 + 27 + 7 * [...name].length;
    if (x > 0 && x + width > WIDTH) [rows, x] = [rows + 1, 0];
    x += width;
  }
  return { legend: { ...legend, data: [...names] }, rows: 20 + (rows - 1) * (12 + legend.itemGap) }; // the gap is one of rows, too
}

/** Where a count from 0 up stands on `countAxis`: logarithmic, 0 one decade below 1. */
export const countHeight = (n: number): number => Math.max(-1, Math.log10(n));
/** An axis of counts. */
export const countAxis = {
  min: -1,
  max: ({ max }: { max: number }) => Math.max(1, Math.ceil(max)),
  interval: 1,
  axisLabel: { ...axis.axisLabel, formatter: (y: number) => (y < 0 ? "0" : (10 ** y).toLocaleString("en-US")) },
};

/**
 * @param title said to screen readers
 * @param height in px; the width is 520 px and scales
 */
export async function draw(title: string, height: number, option: object): Promise<Chart> {
  library ??= load();
  const echarts = await library;
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
  try {
    chart.setOption({
      animation: false,
      color: [...SERIES],
      textStyle: label,
      backgroundColor: "transparent",
      ...option,
    });
    const svg = standAlone(title, chart.renderToSVGString());
    const names = hideableNames(option);
    if (names.length === 0) return { title, svg };
    chart.setOption({ ...liveOption(option) });
    const marked = liveMarks(chart.renderToSVGString(), option, names);
    return { title, svg, live: { svg: standAlone(title, marked), names } };
  } finally {
    chart.dispose();
  }
}

/**
 * Makes what ECharts draws fit for a document: its hover rules go (they repaint shapes in fixed colours), its ids, which
 * count charts per process, become a function of the title, and the palette comes with it.
 */
function standAlone(title: string, svg: string): string {
  const id = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const text = title.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return svg
    .replaceAll(/<style >[\s\S]*?<\/style>\n?/g, "")
    .replaceAll(/ (class="zr[^"]*"|ecmeta_[a-z_]+="[^"]*"|pointer-events="visible")/g, "")
    .replaceAll("data-class=", "class=")
    .replaceAll(/zr\d+-c/g, `${id}-`)
    .replace(
      /<svg ([^>]*)>/,
      `<svg class="chart" role="img" $1><title>${text}</title><style>${paletteCss(".chart")}</style>`,
    );
}
