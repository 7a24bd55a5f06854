/** Which sizes of a file's inputs are free, and at which numbers the file is looked at to see what follows them. */
import type { Dim } from "../graph/types.ts";
import type { Parsed } from "./parse.ts";
import type { Binding } from "./trace.ts";

/** What an axis is called that a file leaves without a name. */
const UNNAMED = "?";

/** The free sizes of a file: the dimensions of each input, a symbol for each size that is free. */
export interface Free {
  readonly axes: ReadonlyMap<string, readonly Dim[]>;
  readonly batch: string | undefined;
  /** Those that are not the batch. */
  readonly others: readonly string[];
}

/** No size is. */
export const nothingFree = ({ inputs }: Pick<Parsed, "inputs">): Free => ({
  axes: new Map([...inputs].map(([name, { dims }]) => [name, dims])),
  batch: undefined,
  others: [],
});

/** The same file with a free first axis wherever an input is of one sample; undefined where none is. */
export function withFreeBatch(inputs: Parsed["inputs"]): Parsed["inputs"] | undefined {
  const ofOne = [...inputs].filter(([, { dims }]) => dims[0] === 1);
  const anyFree = [...inputs.values()].some(({ dims }) => typeof dims[0] === "string");
  if (ofOne.length === 0 || anyFree) return undefined;
  return new Map([
    ...inputs,
    ...ofOne.map(([name, v]) => [name, { ...v, dims: [UNNAMED, ...v.dims.slice(1)] }] as const),
  ]);
}

/**
 * The batch is what the first axis of the inputs is, where it is free, else what is called so; what else has no name of its own is called after its input and
 * axis.
 * @param oneBatch every free first axis is the batch, whatever its name
 */
export function freeSizes({ inputs }: Pick<Parsed, "inputs">, oneBatch: boolean): Free {
  const all = [...inputs.values()].map(({ dims }) => dims);
  const first = all.map((dims) => dims[0]).filter((d) => typeof d === "string");
  const byName = all.flat().find((d): d is string => typeof d === "string" && BATCH_NAME.test(d));
  const batch = first.length === 0 ? byName : (first.find((d) => d !== UNNAMED) ?? "batch");
  const symbol = (name: string, d: Dim, axis: number): Dim => {
    if (typeof d === "number") return d;
    if (axis === 0 && (oneBatch || d === UNNAMED)) return batch!;
    return d === UNNAMED ? `${name}.${axis}` : d;
  };
  const axes = new Map([...inputs].map(([name, { dims }]) => [name, dims.map((d, i) => symbol(name, d, i))]));
  const symbols = new Set([...axes.values()].flat().filter((d) => typeof d === "string"));
  return { axes, batch, others: [...symbols].filter((s) => s !== batch) };
}

/** What a batch is called that is not on a first axis, as in recurrent networks. */
const BATCH_NAME = /^(n|b|bs|batch.*)$/i;

/**
 * Every name its own size; and every free first axis the batch, should that be the only way; or else one length for all that is not the
 * batch: an exporter may name the lengths of tokens and of their mask apart, which only fit when they are equal.
 */
export function waysToName(parsed: Pick<Parsed, "inputs">): readonly Free[] {
  const [apart, together] = [freeSizes(parsed, false), freeSizes(parsed, true)];
  const ways = apart.others.length > together.others.length ? [apart, together] : [apart];
  return ways.at(-1)!.others.length > 1 ? [...ways, ofOneLength(ways.at(-1)!)] : ways;
}

function ofOneLength({ axes, batch, others }: Free): Free {
  const [length] = others;
  const joined = (d: Dim) => (typeof d === "string" && d !== batch ? length : d);
  return { axes: new Map([...axes].map(([name, dims]) => [name, dims.map(joined)])), batch, others: [length] };
}

/** Sizes that are unlikely to stand in a model for another reason than the batch. */
const BATCHES = [2, 3, 5] as const;

type Lengths = readonly (readonly [number, number, number])[];

/**
 * Lengths to try, the first of which a model then has; the second and third tell what is the same at all of them from what follows them.
 * Images want lengths that halve often enough; a table of positions that is looked up does not say in shapes how long it is.
 */
const IMAGES: Lengths = [
  [32, 64, 96],
  [16, 8, 12],
  [64, 128, 192],
  [224, 256, 288],
  [8, 4, 6],
  [3, 2, 4],
];
const SEQUENCES: Lengths = [[16, 8, 12], [8, 4, 6], [3, 2, 4], ...IMAGES];

/** Batch, channels, height and width. */
const IMAGE_AXES = 4;

/** Several ways to bind the free sizes of a file, each at several numbers: a way is good when the file can be read at all of them. */
export function waysToBind({ axes, batch, others }: Free): readonly (readonly Binding[])[] {
  const at = (lengths: readonly number[], k: number): Binding => ({
    axes,
    // two symbols are never the same length, or one would be taken for the other
    sizes: new Map([
      ...(batch === undefined ? [] : [[batch, BATCHES[k]] as const]),
      ...others.map((s, i) => [s, lengths[(k + i) % lengths.length] + Math.floor(i / lengths.length)] as const),
    ]),
    batch: BATCHES[k],
  });
  const ofImages = [...axes.values()].every((dims) => dims.length >= IMAGE_AXES);
  const ways = others.length > 0 ? (ofImages ? IMAGES : SEQUENCES) : [[]];
  return ways.map((lengths) => BATCHES.map((_, k) => at(lengths, k)));
}

/**
 * The free sizes of a file which is true at one length of those that are not the batch, whatever it declares: at each that stands in it.
 * @param stored small whole numbers that the file stores
 */
export function atOneLength({ axes, batch }: Free, stored: Iterable<number>): Free[] {
  const lengths = [...new Set(stored)].filter((n) => n > 1 && n <= LONGEST).sort((a, b) => a - b);
  const fixed = (dims: readonly Dim[], n: number) => dims.map((d) => (typeof d === "string" && d !== batch ? n : d));
  return lengths.slice(0, MOST_LENGTHS).map((n) => ({
    axes: new Map([...axes].map(([name, dims]) => [name, fixed(dims, n)])),
    batch,
    others: [],
  }));
}
const LONGEST = 4096;
/** Each is a look at the whole file. */
const MOST_LENGTHS = 32;

/** The same with a batch of one. */
export const ofOneSample = (binding: Binding, batch: string | undefined): Binding =>
  batch === undefined ? binding : { ...binding, sizes: new Map([...binding.sizes, [batch, 1]]), batch: 1 };
