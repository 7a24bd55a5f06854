/** Where the time of a training step goes, and what the best forms known would give: the table of bench/profile.ts. */
import { markdown, median, milliseconds, percent } from "espalier";

/** The kernels of one kind. */
export interface KernelKind {
  /** What they are there for. */
  readonly role: string;
  /** The runtime's operator. */
  readonly op: string;
  readonly nodes: number;
  readonly ms: number;
  /** Of all kernels' time. */
  readonly share: number;
  /** Of products: what they reach. */
  readonly gflops?: number;
  /** Share of the machine's peak: of products in operations, of others in bytes. */
  readonly ofPeak: number;
}

/** All values of a step that are computed of operands of the same shapes. */
export interface CostlyShape {
  readonly role: string;
  /** The operator, or what of an operator. */
  readonly of: string;
  /** The formulation, where there are several. */
  readonly by?: string;
  readonly shapes: readonly (readonly number[])[];
  /** How many there are. */
  readonly times: number;
  /** Of all of them, with what is laid out for them. */
  readonly ms: number;
  readonly share: number;
  readonly gflops?: number;
  readonly ofPeak: number;
  /** Rows, length of the sums, columns of one matrix product of as many operations; how many pairs first, where there are several. */
  readonly product?: readonly number[];
  /** Milliseconds of the best form known, and what that is. */
  readonly best: number;
  readonly bestBy: "product" | "peak" | "present";
}

/** A network's training step. */
export interface WallRow {
  readonly model: string;
  readonly method: string;
  readonly batch: number;
  readonly threads: number;
  /** Milliseconds of a step without the profiler, one number per round. */
  readonly step: readonly number[];
  /** Milliseconds of all kernels, each by median, and how many there are. */
  readonly kernels: number;
  readonly nodes: number;
  readonly kinds: readonly KernelKind[];
  readonly shapes: readonly CostlyShape[];
  /** Milliseconds of a step with the best forms known: of the products, and of everything. */
  readonly estimate: { readonly products: number; readonly all: number };
  readonly othersCores: number;
}

interface Rows {
  readonly rows: readonly WallRow[];
}

const PRODUCTS = ["forward product", "input gradient", "weight gradient"];
/** Columns of the first table: what kernels are there for. */
const COLUMNS = [...PRODUCTS, "layout", "elementwise", "normalization", "reduction", "pooling", "update"];
const KINDS = 5;

const sum = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0);
const named = ({ model, batch }: WallRow, { rows }: Rows): string =>
  new Set(rows.map((r) => r.batch)).size > 1 ? `${model}, ${batch}` : model;
const sizes = (shape: readonly number[]): string => shape.join("×") || "1";

/** By role: share of the kernels' time, and of products the share of the peak. */
function shareOf({ kinds }: WallRow, role: string): string {
  const own = kinds.filter((k) => k.role === role);
  const [share, ms] = [sum(own.map((k) => k.share)), sum(own.map((k) => k.ms))];
  if (share < 0.005) return "–";
  const reached = sum(own.map((k) => k.ofPeak * k.ms)) / ms;
  return PRODUCTS.includes(role) ? `${percent(share, 0)} (${percent(reached, 0)})` : percent(share, 0);
}

const rest = ({ kinds }: WallRow): string =>
  percent(sum(kinds.filter((k) => !COLUMNS.includes(k.role)).map((k) => k.share)), 0);

/** Steps by role; their costliest kinds of kernels; their costliest values. */
export function wallTables(of: Rows): string {
  const { rows } = of;
  return [
    markdown({
      head: ["model", "step", "kernels", ...COLUMNS, "other", "with plain products", "with all at their best"],
      text: [0],
      rows: rows.map((row) => [
        named(row, of),
        milliseconds(median(row.step)),
        milliseconds(row.kernels),
        ...COLUMNS.map((role) => shareOf(row, role)),
        rest(row),
        ...[row.estimate.products, row.estimate.all].map((ms) => `${(ms / median(row.step)).toFixed(2)} of it`),
      ]),
    }),
    markdown({
      head: ["model", "costliest kinds of kernels", "nodes", "time", "share", "GFLOP/s", "of the peak"],
      text: [0, 1],
      rows: rows.flatMap((row) =>
        row.kinds
          .slice(0, KINDS)
          .map((k, i) => [
            i === 0 ? named(row, of) : "",
            `${k.role}, ${k.op}`,
            String(k.nodes),
            milliseconds(k.ms),
            percent(k.share, 0),
            k.gflops === undefined ? "–" : k.gflops.toFixed(0),
            percent(k.ofPeak, 0),
          ]),
      ),
    }),
    markdown({
      head: [
        "model",
        "costliest values",
        "operands",
        "times",
        "time",
        "share",
        "GFLOP/s",
        "of the peak",
        "best known",
        "as",
      ],
      text: [0, 1, 2, 9],
      rows: rows.flatMap((row) =>
        row.shapes.map((s, i) => [
          i === 0 ? named(row, of) : "",
          [...(s.of.endsWith("Gradient") ? [] : [s.role]), s.of, ...(s.by ? [s.by] : [])].join(", "),
          s.shapes.map(sizes).join(" and "),
          String(s.times),
          milliseconds(s.ms),
          percent(s.share, 0),
          s.gflops === undefined ? "–" : s.gflops.toFixed(0),
          percent(s.ofPeak, 0),
          milliseconds(s.best),
          bestText(s),
        ]),
      ),
    }),
  ].join("\n\n");
}

const bestText = ({ bestBy, product = [] }: CostlyShape): string =>
  ({ product: `product ${sizes(product)}`, peak: "at the peak", present: "as it is" })[bestBy];

/** What role takes the most of a step, and what of it. */
function wallOf(row: WallRow, all: Rows): string {
  const roles = [...new Set(row.kinds.map((k) => k.role))];
  const of = (role: string) => row.kinds.filter((k) => k.role === role);
  const [role] = roles.toSorted((a, b) => sum(of(b).map((k) => k.share)) - sum(of(a).map((k) => k.share)));
  const share = sum(of(role).map((k) => k.share));
  return `${named(row, all)}: ${role}, ${percent(share, 0)}, most of it ${of(role)[0].op} at ${percent(of(role)[0].ofPeak, 0)} of the peak`;
}

/** In words: whether the kernels are the step, what the wall of each network is, and what is to be had. */
export function wallReading(of: Rows): string {
  const { rows } = of;
  const share = rows.map((r) => r.kernels / median(r.step));
  const [least, most] = [Math.min(...share), Math.max(...share)].map((x) => percent(x, 0));
  const apart = rows.filter((r) => r.kernels < 0.9 * median(r.step)).map((r) => named(r, of));
  return [
    `The kernels' times add up to ${least === most ? least : `between ${least} and ${most}`} of the step that was timed without the profiler${apart.length ? `; to less than nine tenths on ${apart.join(", ")}, where the calls between kernels and the host count` : ""}.`,
    `The wall: ${rows.map((row) => wallOf(row, of)).join("; ")}.`,
    `Were every product as fast as one plain matrix product of its size in ONNX Runtime, ${gains(of, "products")}. With everything else at the peak as well, ${gains(of, "all")}.`,
  ].join(" ");
}

/** Gains below this are none. */
const LITTLE = 0.05;

/** Where most is to be had, and where nothing. */
function gains(of: Rows, which: keyof WallRow["estimate"]): string {
  const all = of.rows
    .map((row) => ({ model: named(row, of), left: row.estimate[which] / median(row.step) }))
    .sort((a, b) => a.left - b.left);
  const most = all.filter(({ left }) => left < 1 - LITTLE).map(({ model, left }) => `${left.toFixed(2)} on ${model}`);
  const none = all.filter(({ left }) => left >= 1 - LITTLE).map(({ model }) => model);
  const parts = [
    ...(most.length ? [`a step would take, by estimate, this share of its time: ${most.join(", ")}`] : []),
    ...(none.length ? [`nothing worth naming would be gained on ${none.join(", ")}`] : []),
  ];
  return parts.join("; ");
}
