/** What operators of a file for one sample are for several: a rule per operator that holds the number 1, or counts with it. */
import { axisOf } from "../graph/op.ts";
import { computed } from "../graph/sizes.ts";
import { size } from "../graph/tensor.ts";
import type { Attrs, Follows, Shape, Size } from "../graph/types.ts";
import type { Step } from "./canonical.ts";
import { grown, product, type Samples } from "./samples.ts";

/** A new value name. */
type Fresh = (stem: string) => string;

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

const reshape: Rule = (step, { samples }) => {
  const [x] = step.inputs;
  const k = grown(x, samples);
  const literal = step.attrs.shape as readonly number[];
  const fits = literal.includes(-1) || size(literal) === size(samples.now(x));
  const made = size(literal) === size(samples.now(x)); // of the lengths of several: an expansion made it
  if (k === undefined || made || (step.follows?.shape && fits)) return step; // nothing to follow, or it does so by itself
  const [from, to] = [samples.one(x), samples.one(step.outputs[0])];
  const own = samples.before.get(x) ?? 1;
  const before = product(from, k) * own;
  const at = takes(before, [from[k] / own, ...from.slice(k + 1)], to, literal);
  if (at < 0 || literal[at] === -1 || (literal[at] === 0 && at === k)) return step; // it follows as it is written
  const shape = literal.with(at, to[at] * (samples.now(x)[k] / from[k]));
  const sizes = (literal as readonly Size[]).with(at, scaled(x, k, to[at], from[k]));
  return { ...step, attrs: { ...step.attrs, shape }, follows: { ...step.follows, shape: sizes } };
};

/** What each sample has alike is repeated for it, along an axis of 1; what is not alike stays. */
function repeated(x: string, axis: number, like: { readonly of: string; readonly axis: number }, here: Here): string {
  const { samples } = here;
  const shape = samples.one(x);
  if (grown(x, samples) !== undefined || shape[axis] !== 1) return x;
  const ones = new Array<number>(shape.length).fill(1);
  const length = samples.now(like.of)[like.axis];
  const follows = { shape: (ones as Size[]).with(axis, like) };
  return made({ op: "Expand", x, as: "each", attrs: { shape: ones.with(axis, length) }, follows }, shape, here);
}

/** Where rules work: what is known of values, and where the steps go that they need first. */
interface Here {
  readonly samples: Samples;
  readonly fresh: Fresh;
  readonly first: Step[];
}

/** A step on one value, for what a rule's own step reads. */
interface Before {
  readonly op: string;
  readonly x: string;
  /** What the result is called, behind the name of x. */
  readonly as: string;
  readonly attrs: Attrs;
  readonly follows?: Follows;
}

/** @param one the shape of what it makes, for one sample */
function made({ x, as, ...step }: Before, one: Shape, { samples, fresh, first }: Here): string {
  const name = fresh(`${x}.${as}`);
  first.push({ ...step, domain: "", name, inputs: [x], outputs: [name] });
  samples.added.set(name, one);
  return name;
}

type Rule = (step: Step, here: Here) => Step;

const concat: Rule = (step, here) => {
  const of = step.inputs.find((x) => grown(x, here.samples) !== undefined);
  if (of === undefined) return step;
  const axis = grown(of, here.samples)!;
  return { ...step, inputs: step.inputs.map((x) => repeated(x, axis, { of, axis }, here)) };
};

/** Elements of rows that were laid end to end, by indices for one sample: those of each row. */
const gather: Rule = (step, here) => {
  const { samples } = here;
  const [x, at] = step.inputs;
  const [k, indices] = [grown(x, samples), samples.one(at)];
  const along = axisOf((step.attrs.axis as number | undefined) ?? 0, samples.one(x).length);
  if (k !== 0 || along !== 0 || indices[0] !== 1 || grown(at, samples) !== undefined) return step;
  const shape = samples.one(x);
  const row = indices.slice(1);
  const rows = made(
    { op: "Reshape", x, as: "rows", attrs: { shape: [-1, ...shape], allowzero: 0 } },
    [1, ...shape],
    here,
  );
  const each = made({ op: "Reshape", x: at, as: "row", attrs: { shape: row, allowzero: 0 } }, row, here);
  return { ...step, inputs: [rows, each], attrs: { ...step.attrs, axis: 1 } };
};

/** The same by whole coordinates, of which the first is the one sample. */
const gatherND: Rule = (step, here) => {
  const { samples } = here;
  const [x, at] = step.inputs;
  const indices = samples.one(at);
  const depth = indices.at(-1) ?? 0;
  const alone = grown(x, samples) === 0 && samples.one(x)[0] === 1 && grown(at, samples) === undefined;
  if (!alone || indices[0] !== 1 || depth < 2 || step.attrs.batch_dims) return step;
  const last = indices.length - 1;
  const rest = { starts: [1], ends: [depth], axes: [last], steps: [1] };
  const coordinates = indices.with(last, depth - 1);
  const within = made({ op: "Slice", x: at, as: "within", attrs: rest }, coordinates, here);
  const ones = new Array<number>(indices.length).fill(1);
  const shape = ones.with(0, samples.now(x)[0]);
  const follows = { shape: (ones as Size[]).with(0, { of: x, axis: 0 }) };
  const each = made({ op: "Expand", x: within, as: "each", attrs: { shape }, follows }, coordinates, here);
  return { ...step, inputs: [x, each], attrs: { ...step.attrs, batch_dims: 1 } };
};

/**
 * What stands beside each of several heads (or windows) of a sample, where samples and heads share an axis: it is repeated for each sample,
 * where that one stands on the axis.
 * @param x what grew, along axis k
 * @param v what did not, and meets it with axis j
 */
function beside(v: string, j: number, x: string, k: number, here: Here): string {
  const { samples } = here;
  const shape = samples.one(v);
  const before = samples.before.get(x) ?? 1;
  const own = samples.one(x)[k];
  if (grown(v, samples) !== undefined || shape[j] !== own || samples.guessed.has(x) || own % before !== 0) return v;
  if (own === 1) return repeated(v, j, { of: x, axis: k }, here);
  const apart = shape.toSpliced(j, 1, before, 1, own / before);
  const parted = made({ op: "Reshape", x: v, as: "parted", attrs: { shape: apart, allowzero: 0 } }, apart, here);
  const ones = apart.map(() => 1);
  const follows = { shape: (ones as Size[]).with(j + 1, scaled(x, k, 1, own)) };
  const attrs = { shape: ones.with(j + 1, samples.now(x)[k] / own) };
  const each = made({ op: "Expand", x: parted, as: "each", attrs, follows }, apart, here);
  const joined = { shape: shape.with(j, -1), allowzero: 0 };
  return made({ op: "Reshape", x: each, as: "joined", attrs: joined }, shape, here);
}

/** Operators of which one operand stands beside another. @param first of how many axes, from behind, the operator itself disposes */
const meeting =
  (first: number): Rule =>
  (step, here) => {
    const { samples } = here;
    const x = step.inputs.find((v) => v && grown(v, samples) !== undefined);
    if (x === undefined) return step;
    const [rank, k] = [samples.one(x).length, grown(x, samples)!];
    if (k >= rank - first || samples.one(x)[k] === 1) return step; // one meets any number
    const inputs = step.inputs.map((v) => {
      const j = v ? k - rank + samples.one(v).length : -1;
      return j < 0 ? v : beside(v, j, x, k, here);
    });
    return { ...step, inputs };
  };

/** Elements by their positions along one axis, one for each: along the others both are equally long. */
const gatherElements: Rule = (step, here) => {
  const { samples } = here;
  const x = step.inputs.find((v) => grown(v, samples) !== undefined);
  const k = x === undefined ? undefined : grown(x, samples);
  if (x === undefined || k === undefined) return step;
  if (k === axisOf((step.attrs.axis as number | undefined) ?? 0, samples.one(x).length)) return step;
  return { ...step, inputs: step.inputs.map((v) => beside(v, k, x, k, here)) };
};

/** Initial states of one sample. */
const recurrent: Rule = (step, here) => {
  const [x] = step.inputs;
  const axis = grown(x, here.samples);
  if (axis === undefined) return step;
  const state = (v: string, i: number) =>
    v && (i === INITIAL_H || i === INITIAL_C) ? repeated(v, axis, { of: x, axis }, here) : v;
  return { ...step, inputs: step.inputs.map(state) };
};
const [INITIAL_H, INITIAL_C] = [5, 6];

/** A size of 1 for one sample scales none. */
const resize: Rule = (step, { samples }) => {
  const k = grown(step.inputs[0], samples);
  const { axes, scales, sizes } = step.attrs as Readonly<Record<string, readonly number[] | undefined>>;
  if (k === undefined || !axes?.includes(k)) return step;
  const kept = axes.flatMap((a, i) => (a === k ? [] : [i]));
  if (kept.length === 0) return { ...step, op: "Identity", attrs: {}, follows: undefined };
  const those = <T>(list: readonly T[] | undefined) => list && kept.map((i) => list[i]);
  const attrs = { ...step.attrs, axes: kept.map((i) => axes[i]), scales: those(scales), sizes: those(sizes) };
  return { ...step, attrs, follows: step.follows && { ...step.follows, sizes: those(step.follows.sizes) } };
};

/** What operators make of several samples where a file says what they make of one. */
const rules: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(["Add", "Div", "Mul", "Sub", "Where"].map((op) => [op, meeting(0)])),
  Concat: concat,
  GRU: recurrent,
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  LSTM: recurrent,
  MatMul: meeting(2),
  RNN: recurrent,
  Reshape: reshape,
  Resize: resize,
};

/**
 * A step of a file for one sample, for several, behind what it needs. For one sample both are the same.
 * @throws EspalierError when samples come to lie on two axes
 */
export function forSeveralSamples(step: Step, samples: Samples, fresh: Fresh): readonly Step[] {
  const first: Step[] = [];
  const rule = step.domain === "" && Object.hasOwn(rules, step.op) ? rules[step.op] : undefined;
  const last = rule?.(step, { samples, fresh, first }) ?? step;
  return [...first, last];
}
