/**
 * Parameters that follow sizes. A file whose inputs have free sizes is read at several; where a parameter differs between
 * them, it is expressed without numbers if it can be — 0 or −1 in Reshape, 1 in Expand, "to the end" in Slice — and else by what it is
 * computed from (`Node.follows`).
 */
import { ownEntry } from "../dictionary.ts";
import { EspalierError } from "../error.ts";
import type { Type } from "../graph/op.ts";
import { isPlain, lengthAt, simplified } from "../graph/sizes.ts";
import { sameShape, size } from "../graph/tensor.ts";
import type { Attr, Attrs, Dim, Follows, Length, Shape, Size, Tensor } from "../graph/types.ts";
import type { Step } from "./canonical.ts";
import type { Traced } from "./trace.ts";

/** A canonical step as it came out at certain sizes, with the types of its inputs. */
export interface Sample {
  readonly step: Step;
  readonly inputs: readonly (Type | null)[];
}

type Ints = readonly number[];
/** The common form of two lists of one length, or undefined. */
type Merge = (a: Ints, b: Ints, x: Shape, y: Shape, attrs: Attrs) => Ints | undefined;

/** What −1 stands for. */
function inferred(shape: Ints, input: Shape): number {
  const known = shape.reduce((p, d, i) => (d === -1 ? p : p * (d === 0 ? input[i] : d)), 1);
  return size(input) / known;
}

const reshape: Merge = (a, b, x, y, { allowzero }) => {
  const literal = a.findIndex((d, i) => d === -1 && b[i] === -1);
  const merged = a.map((d, i) => (d === b[i] ? d : !allowzero && d === x[i] && b[i] === y[i] ? 0 : -1));
  if (merged.filter((d) => d === -1).length <= 1) return merged;
  const [here, there] = [inferred(a, x), inferred(b, y)];
  if (literal < 0 || here !== there) return undefined;
  merged[literal] = here;
  return merged.filter((d) => d === -1).length === 1 ? merged : undefined;
};

const expand: Merge = (a, b, x, y) => {
  const shift = a.length - x.length;
  const merged = a.map((d, i) => (d === b[i] ? d : d === x[i - shift] && b[i] === y[i - shift] ? 1 : -1));
  return merged.includes(-1) ? undefined : merged;
};

/** What a Slice's end becomes when it is the end of the axis at any size. */
const TO_THE_END = 2 ** 63;
const sliceEnds: Merge = (a, b, x, y, { axes }) => {
  const axisOf = (i: number, rank: number) => {
    const axis = (axes as Ints | undefined)?.[i] ?? i;
    return axis < 0 ? axis + rank : axis;
  };
  const merged = a.map((d, i) => {
    if (d === b[i]) return d;
    return d >= x[axisOf(i, x.length)] && b[i] >= y[axisOf(i, y.length)] ? TO_THE_END : Number.NaN;
  });
  return merged.includes(Number.NaN) ? undefined : merged;
};

const merges: Readonly<Record<string, Merge | undefined>> = {
  "Reshape.shape": reshape,
  "Expand.shape": expand,
  "Slice.ends": sliceEnds,
};

const isTensor = (a: Attr | undefined): a is Tensor => typeof a === "object" && "data" in a;

const sameAttr = (a: Attr | undefined, b: Attr | undefined): boolean => {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((d, i) => Object.is(d, b[i]));
  // opaque bytes are the file's, whatever the sizes, and so are tensors, but for those that reading makes of lengths
  if (isTensor(a) && isTensor(b)) return sameShape(a.shape, b.shape);
  return Object.is(a, b) || (typeof a === "object" && typeof b === "object");
};

/** The form that a parameter has at all sizes, where there is one without numbers. */
function common(key: string, samples: readonly Sample[]): Attr | undefined {
  const [first, ...others] = samples;
  const merge = merges[`${first.step.op}.${key}`];
  const lists = samples.map((s) => s.step.attrs[key]);
  if (!merge || !lists.every((l): l is Ints => Array.isArray(l) && l.length === (lists[0] as Ints).length))
    return undefined;
  const shapes = samples.map((s) => s.inputs[0]?.shape ?? []);
  const forms = others.map((_, i) => merge(lists[0], lists[i + 1], shapes[0], shapes[i + 1], first.step.attrs));
  return forms.every((f) => f && sameAttr(f, forms[0])) ? forms[0] : undefined;
}

/** A file at several sizes, and what its inputs are declared to be. */
export interface Looks {
  readonly traced: readonly Traced[];
  /** The dimensions of each input, by symbols where they are free. */
  readonly axes: ReadonlyMap<string, readonly Dim[]>;
}

/** A length as a number where it is one at all sizes, as an input's where it is that at all of them, else as it is. */
function resolved(length: Length, { traced, axes }: Looks): Size {
  const at = ({ of, axis }: Length) => traced.map((t) => t.types.get(of)!.shape[axis]);
  const lengths = at(length);
  if (lengths.every((n) => n === lengths[0])) return lengths[0];
  for (const [of, dims] of axes)
    for (const axis of dims.keys())
      if (typeof dims[axis] === "string" && sameAttr(at({ of, axis }), lengths)) return { of, axis };
  return length;
}

const numbersOf = (a: Attr | undefined): readonly unknown[] => (Array.isArray(a) ? a : [a]);

/** What a parameter is computed from, when that gives what it is at all of the sizes. */
function sizesOf(key: string, samples: readonly Sample[], looks: Looks): readonly Size[] | undefined {
  const sizes = ownEntry(samples[0].step.follows ?? {}, key)?.map((s) => simplified(s, (l) => resolved(l, looks)));
  const holds = looks.traced.every(({ types }, k) => {
    const values = sizes?.map((s) => lengthAt(s, (name) => types.get(name)?.shape));
    return values && sameAttr(values, numbersOf(samples[k].step.attrs[key]) as Ints);
  });
  return holds ? sizes : undefined;
}

/**
 * A step for any sizes.
 * @param samples the step at each of the sizes
 * @throws EspalierError when a parameter follows sizes in a way that cannot be told
 */
export function forAnySize(samples: readonly Sample[], looks: Looks): Step {
  const { follows: _, ...step } = samples[0].step;
  const attrs: Record<string, Attr | undefined> = { ...step.attrs };
  const follows: Record<string, Follows[string]> = {};
  for (const [key, here] of Object.entries(step.attrs)) {
    const others = samples.slice(1).map((s) => s.step.attrs[key]);
    const made = sizesOf(key, samples, looks);
    const same = others.every((there) => sameAttr(here, there));
    if (same && (!made || made.every(isPlain))) continue;
    const form = same ? undefined : common(key, samples);
    if (form !== undefined) attrs[key] = form;
    else if (made) follows[key] = made;
    else
      throw new EspalierError(
        "unsupported",
        `the ${key} of ${step.op} depends on the sizes of the inputs in a way that cannot be told`,
        { node: step.name, got: [here, ...others].map((a) => `${a}`).join(" · ") },
        "export the model with a fixed batch size, or without this computation",
      );
  }
  return { ...step, attrs, ...(Object.keys(follows).length > 0 && { follows }) };
}
