/** What arrays a data set has: inputs and labels, the first of each being x and y, further ones by name. */
import type { Dataset } from "./dataset.ts";
import type { Numbers, Split } from "./split.ts";

/** What a further array of a data set holds. */
export interface Column {
  readonly is: "input" | "label";
  /** Of one sample; [] is one number. */
  readonly shape: readonly number[];
  /** Of labels: how many classes there are; null or absent = numbers to fit. */
  readonly classes?: number | null;
}

/** A label that counts for nothing, as torch's `ignore_index`: of places that are filled up, say. */
export const IGNORED = -100;

/** An input or a label of a data set. */
export interface Named extends Pick<Column, "shape"> {
  /** The model's input or output that it is for; undefined: not said, so the only one. */
  readonly name?: string;
  /** Its key in `more`; undefined for x and y. */
  readonly more?: string;
  readonly classes: number | null;
}

const further = ({ more = {} }: Dataset, is: Column["is"]): Named[] =>
  Object.entries(more).flatMap(([name, column]) =>
    column.is === is ? [{ name, more: name, shape: column.shape, classes: column.classes ?? null }] : [],
  );

/** x, and the further inputs. */
export const inputsOf = (data: Dataset): Named[] => [
  { name: data.input, shape: data.shape, classes: null },
  ...further(data, "input"),
];

/** y, and the further labels; none where y is empty. */
export function labelsOf(data: Dataset): Named[] {
  const width = data.train.y.length / data.train.count;
  const shape = data.labelShape ?? (data.classes === null ? [width] : []);
  const y = width === 0 ? [] : [{ name: data.label, shape, classes: data.classes }];
  return [...y, ...further(data, "label")];
}

/** The array of a split that something is in. */
export const arrayOfColumn = (
  split: Pick<Split, "x" | "y" | "more">,
  { more }: { readonly more?: string },
  first: "x" | "y",
): Numbers => (more === undefined ? split[first] : split.more![more]);
