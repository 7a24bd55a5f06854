/** A chart as a page has it, without a script: every mark with its values as a tooltip, everything of one name in one class. */
/** A name of the legend: what is drawn in its colour is of the class `s0`, `s1` … */
export interface LiveName {
  readonly name: string;
  readonly colour: string;
}

export interface LiveChart {
  readonly svg: string;
  readonly names: readonly LiveName[];
}

interface Axis {
  readonly name?: string;
  readonly axisLabel?: { readonly formatter?: string | ((value: number) => string) };
}
interface Series {
  readonly name?: string;
  readonly type: string;
  readonly color?: string;
  readonly silent?: boolean;
  readonly data: readonly unknown[];
}
interface Option {
  readonly xAxis?: Axis;
  readonly yAxis?: Axis;
  readonly series?: readonly Series[];
}

/** More marks than this on one line are a smear. */
const MOST_MARKS = 400;

const seriesOf = (option: object): readonly Series[] => (option as Option).series ?? [];

/** The names that can be hidden: of series with a colour of their own; names of one colour go together. */
export function hideableNames(option: object): readonly LiveName[] {
  const found = new Map<string, string[]>();
  for (const { name, color, silent } of seriesOf(option)) {
    if (!name || !color || silent) continue;
    const names = found.get(color) ?? [];
    found.set(color, names.includes(name) ? names : [...names, name]);
  }
  return [...found].map(([colour, names]) => ({ colour, name: names.join(", ") }));
}

/** Marks on all lines, to be pointed at. */
export const liveOption = (option: object): object => ({
  series: seriesOf(option).map((s) =>
    s.type === "line" && !s.silent && s.data.length <= MOST_MARKS ? { showSymbol: true } : {},
  ),
});

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

function shown(value: number, { axisLabel }: Axis): string {
  const formatter = axisLabel?.formatter;
  if (typeof formatter === "function") return formatter(value);
  const text = String(Number(value.toPrecision(4)));
  return formatter ? formatter.replace("{value}", text) : text;
}

/** "RMDA, epoch 3: 97.5 %"; undefined for what has no two numbers. */
function tip(option: Option, series: number, index: number): string | undefined {
  const { name, data } = option.series![series];
  const point = data[index];
  if (!Array.isArray(point) || typeof point[0] !== "number" || typeof point[1] !== "number") return undefined;
  const [x, y] = [shown(point[0], option.xAxis ?? {}), shown(point[1], option.yAxis ?? {})];
  return `${name}, ${option.xAxis?.name ? `${option.xAxis.name} ` : ""}${x}: ${y}`;
}

const MARK =
  /<path ([^>]*?)ecmeta_series_index="(\d+)" ecmeta_data_index="(\d+)" ecmeta_ssr_type="chart"([^>]*)><\/path>/g;

/** What ECharts drew, with tooltips and classes. */
export function liveMarks(svg: string, option: object, names: readonly LiveName[]): string {
  const titled = svg.replaceAll(MARK, (all: string, before: string, series: string, index: string, after: string) => {
    const said = after.includes("ecmeta_silent") ? undefined : tip(option as Option, Number(series), Number(index));
    return said === undefined ? all : `<path ${before}${after}><title>${escaped(said)}</title></path>`;
  });
  return titled.replaceAll(/<path [^>]*>/g, (tag) => {
    const at = names.findIndex(({ colour }) => tag.includes(`="${colour}"`));
    return at < 0 ? tag : tag.replace(/ class="[^"]*"/, "").replace("<path ", `<path data-class="s${at}" `);
  });
}
