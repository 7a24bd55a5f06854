/**
 * Parameters that follow the batch size. A model with a dynamic batch axis is read at two batch sizes; where a
 * parameter differs between them, it must be expressible without the number: 0 or −1 in Reshape, 1 in Expand, "to the
 * end" in Slice.
 */
import { EspalierError } from "../error.ts";
import type { Type } from "../graph/op.ts";
import { size } from "../graph/tensor.ts";
import type { Attr, Attrs, Shape } from "../graph/types.ts";
import type { Step } from "./canonical.ts";

/** A canonical step as it came out at one batch size, with the types of its inputs. */
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

/** What a Slice's end becomes when it is the end of the axis at any batch size. */
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

const sameAttr = (a: Attr | undefined, b: Attr | undefined): boolean => {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((d, i) => Object.is(d, b[i]));
  // tensors and opaque bytes are the file's, whatever the batch
  return Object.is(a, b) || (typeof a === "object" && typeof b === "object");
};

/**
 * The attributes of a step for any batch size.
 * @throws EspalierError when a parameter depends on the batch size in a way that its operator cannot express
 */
export function forAnyBatch(a: Sample, b: Sample, batches: readonly [number, number]): Attrs {
  const { op, name, attrs } = a.step;
  const out: Record<string, Attr | undefined> = { ...attrs };
  for (const [key, here] of Object.entries(attrs)) {
    const there = b.step.attrs[key];
    if (sameAttr(here, there)) continue;
    const merge = merges[`${op}.${key}`];
    const [x, y] = [a.inputs[0]?.shape ?? [], b.inputs[0]?.shape ?? []];
    const lists = Array.isArray(here) && Array.isArray(there) && here.length === there.length;
    const merged = merge && lists ? merge(here as Ints, there as Ints, x, y, attrs) : undefined;
    if (!merged)
      throw new EspalierError(
        "unsupported",
        `the ${key} of ${op} depends on the batch size`,
        { node: name, got: `${here} at batch ${batches[0]}, ${there} at batch ${batches[1]}` },
        "export the model with a fixed batch size, or without this computation",
      );
    out[key] = merged;
  }
  return out;
}
