/**
 * Files made for one sample, looked at with more of them: what an exporter wrote as the number 1, or counted into another number, follows
 * the samples then. Where a node mixes samples, or loses them, the file stays what it is, and the node is named.
 */
import { EspalierError } from "../error.ts";
import { computed } from "../graph/sizes.ts";
import { size } from "../graph/tensor.ts";
import type { Shape, Size } from "../graph/types.ts";
import type { Step } from "./canonical.ts";

/** What a value is in the file as it is, for one sample, and now, for several. */
export interface Samples {
  one(name: string): Shape;
  now(name: string): Shape;
  /** On the axis along which a value grew: how much of it, for one sample, stands before the samples. 7 where 7 · N are 7 times N. */
  readonly before: Map<string, number>;
}

/** A new value name. */
type Fresh = (stem: string) => string;

/** The axis along which a value grew with the samples; undefined: none did. */
function grown(name: string, { one, now }: Samples): number | undefined {
  const [a, b] = [one(name), now(name)];
  const axes = b.flatMap((d, i) => (d === a[i] ? [] : [i]));
  if (axes.length > 1)
    throw new EspalierError("unsupported", "samples come to lie on two axes of a value", {
      value: name,
      got: `[${b}] for several, [${a}] for one`,
    });
  return axes[0];
}

const product = (dims: readonly number[], end: number): number => size(dims.slice(0, end));

/** Whether axes are made of others by joining neighbours. */
function joinedOf(axes: Shape, of: Shape): boolean {
  const ends = (list: Shape) => list.map((_, i) => product(list, i + 1));
  const known = new Set(ends(of));
  return ends(axes).every((end) => known.has(end));
}

/**
 * Where samples go that stand behind `before` elements, when all is given the shape `to`: an axis of its own that is 1, the rest (−1), or
 * what begins or ends where they are; if what lies behind them stays as it is, or is joined, they belong to what is before it.
 */
function takes(before: number, behind: Shape, to: Shape, literal: readonly number[]): number {
  const begins = (i: number) => product(to, i) === before;
  const meets = to.flatMap((_, i) => {
    const start = product(to, i);
    return start <= before && before <= product(to, i + 1) && before % start === 0 ? [i] : [];
  });
  return (
    meets.find((i) => begins(i) && to[i] === 1) ??
    meets.find((i) => literal[i] === -1) ??
    meets.find((i) => joinedOf(to.slice(i + 1), behind)) ??
    meets.find(begins) ??
    -1
  );
}

/** So many times the length of an axis as n was, where that was m. */
function scaled(of: string, axis: number, n: number, m: number): Size {
  const int64 = ["int64", "int64"] as const;
  const length: Size = { of, axis };
  if (n === m) return length;
  const times = n % m === 0 ? n / m : n;
  const whole = computed("Mul", [length, times], int64, "int64")!;
  return n % m === 0 ? whole : computed("Div", [whole, m], int64, "int64")!;
}

function reshape(step: Step, samples: Samples): Step[] {
  const [x] = step.inputs;
  const k = grown(x, samples);
  if (k === undefined || step.follows?.shape) return [step]; // nothing to follow, or it does so by itself
  const [from, to] = [samples.one(x), samples.one(step.outputs[0])];
  const literal = step.attrs.shape as readonly number[];
  const own = samples.before.get(x) ?? 1;
  const before = product(from, k) * own;
  const at = takes(before, [from[k] / own, ...from.slice(k + 1)], to, literal);
  if (at < 0) return [step];
  const sizes = to.map((d, i): Size => (i === at ? scaled(x, k, d, from[k]) : d));
  const factor = samples.now(x)[k] / from[k];
  const shape = to.map((d, i) => (i === at ? d * factor : d));
  return [{ ...step, attrs: { ...step.attrs, shape, allowzero: 0 }, follows: { ...step.follows, shape: sizes } }];
}

/** What is the same for every sample is repeated for each of them. */
function concat(step: Step, samples: Samples, fresh: Fresh): Step[] {
  const axes = step.inputs.map((x) => grown(x, samples));
  const at = axes.findIndex((k) => k !== undefined);
  const k = axes[at];
  if (k === undefined) return [step];
  const rank = samples.one(step.inputs[at]).length;
  const repeated: Step[] = [];
  const inputs = step.inputs.map((x, i) => {
    if (axes[i] !== undefined || samples.one(x)[k] !== 1) return x;
    const each = fresh(`${x}.each`);
    const ones = new Array<number>(rank).fill(1);
    repeated.push({
      op: "Expand",
      domain: "",
      name: each,
      inputs: [x],
      outputs: [each],
      attrs: { shape: ones.with(k, samples.now(step.inputs[at])[k]) },
      follows: { shape: (ones as Size[]).with(k, { of: step.inputs[at], axis: k }) },
    });
    return each;
  });
  return [...repeated, { ...step, inputs }];
}

const table: Readonly<Record<string, (step: Step, samples: Samples, fresh: Fresh) => Step[]>> = {
  Reshape: reshape,
  Concat: concat,
};

/**
 * A step of a file for one sample, for several. New values are the same for one sample as what they are made of.
 * @throws EspalierError when samples come to lie on two axes
 */
export function forSeveralSamples(step: Step, samples: Samples, fresh: Fresh): readonly Step[] {
  return step.domain === "" ? (table[step.op]?.(step, samples, fresh) ?? [step]) : [step];
}

/** What only measures its input knows nothing of samples. */
const MEASURES = new Set(["Shape", "Size"]);

/**
 * Checks that a step keeps samples apart as far as shapes tell: what comes of several is several, as often as they are.
 * @throws EspalierError naming the node
 */
export function checkApart(step: Step, samples: Samples, count: number): void {
  const x = step.inputs.find((v) => v && grown(v, samples) !== undefined);
  if (x === undefined || MEASURES.has(step.op)) return;
  for (const o of step.outputs) {
    if (!o) continue;
    const k = grown(o, samples);
    if (k === undefined || samples.now(o)[k] !== count * samples.one(o)[k])
      throw new EspalierError(
        "unsupported",
        `${step.op} joins samples`,
        { node: step.name, got: `[${samples.now(o)}] for ${count}, [${samples.one(o)}] for one` },
        "export the model with a dynamic batch axis",
      );
    samples.before.set(o, within(step, x, o, samples));
  }
}

/** What only gives another shape to the same row of numbers. */
const SAME_ORDER = new Set(["Reshape", "Flatten", "Squeeze", "Unsqueeze"]);

/** Where samples stand on their axis of an output, as `Samples.before` says; 1, before all of it, where nothing tells. */
function within({ op }: Step, x: string, o: string, samples: Samples): number {
  const [from, to] = [samples.one(x), samples.one(o)];
  const [k, j] = [grown(x, samples)!, grown(o, samples)!];
  const own = samples.before.get(x) ?? 1;
  if (!SAME_ORDER.has(op)) return from[k] === to[j] ? own : 1;
  const offset = (product(from, k) * own) / product(to, j);
  return Number.isInteger(offset) ? offset : 1;
}
