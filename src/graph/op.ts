/** What the operator table says of one operator: its arity, its attributes with defaults, its shape rule. */
import { EspalierError } from "../error.ts";
import { sameShape, size, typeText } from "./tensor.ts";
import type { DType, Shape, Tensor } from "./types.ts";

export type AttrType = "int" | "ints" | "float" | "floats" | "string" | "strings" | "tensor";
export interface AttrDef<T = unknown> {
  readonly type: AttrType;
  /** An int in files that names an element type. */
  readonly dtype?: true;
  readonly default?: T;
  /** The only values that it may have. */
  readonly values?: readonly T[];
}
export const int = (d?: number): AttrDef<number> => ({ type: "int", default: d });
export const ints = (d?: readonly number[]): AttrDef<readonly number[]> => ({ type: "ints", default: d });
export const floats = (d?: readonly number[]): AttrDef<readonly number[]> => ({ type: "floats", default: d });
export const strings = (): AttrDef<readonly string[]> => ({ type: "strings" });
export const float = (d?: number): AttrDef<number> => ({ type: "float", default: d });
/** An int that is 0 or 1. */
export const flag = (d: 0 | 1): AttrDef<number> => ({ type: "int", default: d, values: [0, 1] });
/** A string out of a list; the first is the default. */
export const oneOf = <S extends string>(...values: readonly [S, ...S[]]): AttrDef<S> => ({
  type: "string",
  default: values[0],
  values,
});
export const elementType = (): AttrDef<DType> => ({ type: "int", dtype: true });
export const tensorAttr = (): AttrDef<Tensor> => ({ type: "tensor" });

/** Attributes as a caller may give them: defaults may be left out. */
export type AttrsOf<A> = { readonly [K in keyof A]?: A[K] extends AttrDef<infer T> ? T : never };
/** Attributes as a rule receives them: defaults filled in. Without a default they may still be undefined. */
export type FullAttrs<A> = { readonly [K in keyof A]: A[K] extends AttrDef<infer T> ? T : never };

export interface Type {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** The largest number of inputs in canonical form; "n" = a list. */
export type Arity = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 8 | "n";

/** An operator that multiplies channels with a weight, and may add a bias: input 2. */
interface Product<A> {
  /** True where the weight is stored as [in, out]. Default false. */
  readonly inputsFirst?: (a: A) => boolean;
  /** Factors of the product and of the bias. Default 1. */
  readonly factors?: (a: A) => { readonly product: number; readonly bias: number };
  /** The attributes with which a bias may be added; absent where the operator has no such input. */
  readonly withBias?: (a: A) => A;
}

/** What is to be said of an operator beside its types; most have none of it. */
interface Traits<A> {
  /** The first opset that has it, where that is after 9. */
  readonly since?: number;
  /** The attribute that holds its output: it is a stored tensor that stands among the nodes. */
  readonly holds?: keyof A & string;
  /** Its output is input 0 with the axes in this order, and nothing else. */
  readonly permutes?: (x: Type, a: FullAttrs<A>) => readonly number[];
  /** Its outputs hold elements of its inputs, and nothing else. */
  readonly rearranges?: true;
  /** Its output is input 0 in another shape, for which a runtime takes no memory of its own. */
  readonly reshapes?: true;
  /** None of its outputs may be left out. */
  readonly everyOutput?: true;
  /** Inputs that hold running statistics: stored, but not parameters. */
  readonly statistics?: readonly number[];
  /** Inputs that learn where another one carries data: weights, biases, scales, tables. */
  readonly learns?: readonly number[];
  /** The input of which rows are looked up by indices, along the attribute `axis`. */
  readonly table?: number;
  /** Its inputs are stretched to a common shape and met element by element. */
  readonly broadcasts?: true;
  /** What it joins to data by broadcasting may learn (a bias, a scale) or not (a mask, a factor): values and names tell. */
  readonly joins?: true;
  /** What it puts beside data may learn (a class token, a prompt) or not (padding, coordinates): values and names tell. */
  readonly beside?: true;
  /** What it makes of a stored tensor is no parameter's value: an angle's sine, a phase. */
  readonly periodic?: true;
  /** It shares one whole among the elements of an axis: what is far below the others gets nothing. */
  readonly shares?: true;
  /** What each input holds in a new model; undefined = random numbers. */
  readonly starts?: readonly (number | undefined)[];
  /** It multiplies channels with a weight. */
  readonly product?: Product<FullAttrs<A>>;
  /** `axis` and `axes` count the output's axes. */
  readonly outputAxes?: true;
}

export interface Op<N extends Arity = Arity, A = Record<string, AttrDef>, M extends boolean = boolean>
  extends Traits<A> {
  readonly arity: N;
  /** How many inputs must be present; the rest are optional. */
  readonly required: number;
  readonly attrs: A;
  /** True when it has (or may have) several outputs; the builder then returns a list. */
  readonly multi: M;
  /** Fills attributes whose default depends on the inputs (a kernel's shape, a permutation). */
  readonly complete?: (x: readonly Type[], a: FullAttrs<A>) => FullAttrs<A>;
  /** The shape rule: one type per output. Missing optional inputs are undefined. */
  readonly infer: (x: readonly Type[], a: FullAttrs<A>) => Type | readonly Type[];
}

type Rest<A> = Partial<Pick<Op<Arity, A>, "required" | "complete">> & Traits<A>;

/** An operator with one output. */
export const op = <N extends Arity, A>(
  arity: N,
  attrs: A,
  infer: (x: readonly Type[], a: FullAttrs<A>) => Type,
  rest: Rest<A> = {},
): Op<N, A, false> => ({ arity, required: arity === "n" ? 1 : arity, attrs, infer, multi: false, ...rest });

/** An operator with several outputs. */
export const multi = <N extends Arity, A>(
  arity: N,
  attrs: A,
  infer: (x: readonly Type[], a: FullAttrs<A>) => readonly Type[],
  rest: Rest<A> = {},
): Op<N, A, true> => ({ arity, required: arity === "n" ? 1 : arity, attrs, infer, multi: true, ...rest });

// --- what shape rules share ---

export const reject = (what: string, got: string, wanted: string): never => {
  throw new EspalierError("mismatch", what, { got, wanted });
};

/** A non-negative axis. */
export function axisOf(axis: number, rank: number): number {
  const a = axis < 0 ? axis + rank : axis;
  if (!(a >= 0 && a < rank)) reject("axis out of range", `axis ${axis} of rank ${rank}`, `${-rank} … ${rank - 1}`);
  return a;
}

export const axesOf = (axes: readonly number[], rank: number): number[] => axes.map((a) => axisOf(a, rank));

/** Non-negative axes, none twice. */
export function distinctAxes(axes: readonly number[], rank: number): number[] {
  const all = axesOf(axes, rank);
  if (new Set(all).size < all.length) reject("an axis is given twice", `axes ${axes}`, "each axis once");
  return all;
}

/** Checks that a list of numbers has one entry per axis, or as many as there are others. */
export function checkLength(what: string, list: readonly number[], length: number): void {
  if (list.length !== length) reject(`${what} has the wrong length`, `[${list}]`, `${length} numbers`);
}

/** Checks that no number is below a bound. */
export function checkLeast(what: string, list: readonly number[], least: number): void {
  if (!list.every((x) => x >= least)) reject(`${what} is out of range`, `[${list}]`, `at least ${least}`);
}

/** Checks that a value has a shape. */
export function checkShape(what: string, { shape }: Type, wanted: Shape): void {
  if (!sameShape(shape, wanted)) reject(`the shape of ${what} does not fit`, `[${shape}]`, `[${wanted}]`);
}

/** NumPy's broadcasting. */
export const broadcast = (...shapes: readonly Shape[]): number[] => broadcastAll(shapes);

/** The same, of however many shapes. */
export function broadcastAll(shapes: readonly Shape[]): number[] {
  const rank = shapes.reduce((n, s) => Math.max(n, s.length), 0);
  return Array.from({ length: rank }, (_, i) => {
    let d = 1;
    for (const s of shapes) {
      const e = s[i - rank + s.length] ?? 1;
      if (e === 1) continue;
      if (d !== 1 && d !== e)
        reject("shapes do not broadcast", shapes.map((t) => `[${t}]`).join(" and "), "equal or 1");
      d = e;
    }
    return d;
  });
}

export function sameType(x: readonly Type[]): DType {
  for (const t of x)
    if (t && t.dtype !== x[0].dtype)
      reject("element types differ", x.map((t) => t && typeText(t)).join(" and "), "one type");
  return x[0].dtype;
}

export { size };
