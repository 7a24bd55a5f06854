/** What a sweep varies, and its points: every value from a place in the unit interval, and back. */
import { UsageError } from "../../error.ts";

/** Numbers between two ends. */
export interface SweepRange {
  readonly from: number;
  readonly to: number;
  /** "log": equal ratios are equally far; both ends are > 0 then. Default "linear". */
  readonly scale?: "linear" | "log";
  /** Default false. */
  readonly integer?: boolean;
  /** Points of a grid, both ends among them. Default: of integers all; of others there is none, and a grid wants it. */
  readonly steps?: number;
}

/** Some values of any kind that JSON knows. */
export interface SweepChoice {
  readonly values: readonly unknown[];
}

/** One thing that is varied. */
export type SweepDimension = SweepRange | SweepChoice;

/** What is varied, by name. */
export type SweepSpace = Readonly<Record<string, SweepDimension>>;

/** One point of a space: a value for each name. */
export type SweepValues = Readonly<Record<string, unknown>>;

/** Digits of a number that is drawn: as many as anybody would type, and the same on every machine. */
const DIGITS = 4;

export const isChoice = (d: SweepDimension): d is SweepChoice => "values" in d;

const wrong = (name: string, what: string, got: unknown, wanted: string) =>
  new UsageError("out-of-range", `${name} cannot be varied: ${what}`, { got: JSON.stringify(got), wanted });

/** @throws UsageError naming what cannot be varied as it is said */
export function checkSpace(space: SweepSpace): void {
  const entries = Object.entries(space);
  if (entries.length === 0)
    throw new UsageError("missing", "the space is empty", { wanted: "at least one name with its values" });
  for (const [name, d] of entries) {
    if (isChoice(d)) {
      const texts = d.values.map((v) => JSON.stringify(v));
      if (texts.length === 0 || new Set(texts).size < texts.length)
        throw wrong(name, "its values", d.values, "different ones, at least one");
      continue;
    }
    const { from, to, scale = "linear", integer = false, steps } = d;
    if (!(Number.isFinite(from) && Number.isFinite(to) && from < to))
      throw wrong(name, "its range", d, "from < to, both numbers");
    if (scale === "log" && from <= 0) throw wrong(name, "a logarithmic range", d, "from > 0");
    if (integer && !(Number.isInteger(from) && Number.isInteger(to)))
      throw wrong(name, "a range of integers", d, "integers for from and to");
    if (steps !== undefined && !(Number.isInteger(steps) && steps >= 2))
      throw wrong(name, "its steps", steps, "an integer ≥ 2");
  }
}

/** The value at a place u in [0, 1]. */
export function valueAt(d: SweepDimension, u: number): unknown {
  if (isChoice(d)) return d.values[Math.min(d.values.length - 1, Math.floor(u * d.values.length))];
  const { from, to, integer } = d;
  const [low, high] = ends(d);
  const x = low + u * (high - low);
  const raw = d.scale === "log" ? Math.exp(x) : x;
  const value = integer ? Math.floor(raw) : Number(raw.toPrecision(DIGITS));
  return Math.min(to, Math.max(from, value));
}

/** The place of a value, of an integer the middle of its share; of choices their index. */
export function unitPlace(d: SweepDimension, value: unknown): number {
  if (isChoice(d)) return d.values.findIndex((v) => JSON.stringify(v) === JSON.stringify(value));
  const x = d.integer ? (value as number) + 0.5 : (value as number);
  const [low, high] = ends(d);
  return ((d.scale === "log" ? Math.log(x) : x) - low) / (high - low);
}

/** Where a range begins and ends on the scale that it is drawn on; each integer has a share of its own. */
function ends({ from, to, scale, integer }: SweepRange): readonly [number, number] {
  const last = integer ? to + 1 : to;
  return scale === "log" ? [Math.log(from), Math.log(last)] : [from, last];
}

/** @throws UsageError for a range of which a grid has no points */
function gridValues(name: string, d: SweepDimension): readonly unknown[] {
  if (isChoice(d)) return d.values;
  const { from, to, integer = false, steps = integer ? to - from + 1 : undefined } = d;
  if (steps === undefined)
    throw new UsageError(
      "missing",
      `a grid wants the steps of ${name}`,
      { wanted: "steps, for example 5" },
      "or search at random, which needs none",
    );
  const whole: SweepRange = { from, to, scale: d.scale };
  const points = Array.from({ length: steps }, (_, i) => valueAt(whole, i / (steps - 1)) as number);
  return [...new Set(integer ? points.map(Math.round) : points)];
}

/**
 * All points of a grid; the first name changes fastest.
 * @throws UsageError for a range without steps
 */
export function gridOf(space: SweepSpace): SweepValues[] {
  return Object.entries(space).reduce<SweepValues[]>(
    (points, [name, d]) => gridValues(name, d).flatMap((value) => points.map((point) => ({ ...point, [name]: value }))),
    [{}],
  );
}
