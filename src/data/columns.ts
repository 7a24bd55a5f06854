/** What arrays a data set has: inputs and labels, the first of each being x and y, further ones by name. */
import { UsageError } from "../error.ts";
import { aDataset, anObject, wants } from "../given.ts";
import { didYouMean } from "../nearest.ts";
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
  /** Whether its first axis counts places, of which batches may have fewer. */
  readonly byPlace?: boolean;
}

const counted = (byPlace: boolean | undefined) => byPlace && { byPlace };

const further = ({ more = {}, places }: Dataset, is: Column["is"]): Named[] =>
  Object.entries(more).flatMap(([name, { is: kind, shape, classes = null }]) =>
    kind === is ? [{ name, more: name, shape, classes, ...counted(places?.more.includes(name)) }] : [],
  );

/** x, and the further inputs. */
export const inputsOf = (data: Dataset): Named[] => [
  { name: data.input, shape: data.shape, classes: null, ...counted(data.places?.x) },
  ...further(data, "input"),
];

/** y, and the further labels; none where y is empty. */
export function labelsOf(data: Dataset): Named[] {
  const width = data.train.y.length / data.train.count;
  const shape = data.labelShape ?? (data.classes === null ? [width] : []);
  const y = width === 0 ? [] : [{ name: data.label, shape, classes: data.classes, ...counted(data.places?.y) }];
  return [...y, ...further(data, "label")];
}

/** The array of a split that something is in. */
export const arrayOfColumn = (
  split: Pick<Split, "x" | "y" | "more">,
  { more }: { readonly more?: string },
  first: "x" | "y",
): Numbers => (more === undefined ? split[first] : split.more![more]);

/** What of a user's file is an input, and what a label. */
export function columnsNote(data: Dataset): string {
  const shape = (c: Named) => `${c.name}[${c.shape}]`;
  const labels = labelsOf(data).map(
    (c) => `${shape(c)} ${c.classes === null ? "numbers to fit" : `of ${c.classes} classes`}`,
  );
  return `inputs of the data: ${inputsOf(data).map(shape).join(", ")}; labels: ${labels.join(", ") || "none"}`;
}

/**
 * A data set whose columns have the names that a model has for them.
 * @param names the present name of a column → the model's input or output that it is for; x and y of a data set without names are "x" and "y"
 * @throws UsageError for a column that the data set has not, or a name that two would have
 */
export function renameColumns(data: Dataset, names: Readonly<Record<string, string>>): Dataset {
  wants("renameColumns", ["data", aDataset, data], ["names", anObject, names]);
  const own = [data.input ?? "x", data.label ?? "y", ...Object.keys(data.more ?? {})];
  const unknown = Object.keys(names).find((name) => !own.includes(name));
  if (unknown !== undefined)
    throw new UsageError(
      "unknown-name",
      "the data has no such column",
      { got: unknown, wanted: own.join(", ") },
      didYouMean(unknown, own),
    );
  const to = (name: string): string => (Object.hasOwn(names, name) ? names[name] : name);
  const twice = own.map(to).find((name, i, all) => all.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError("conflict", "two columns would have one name", { got: twice });
  const renamed = <T>(of: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(of).map(([name, value]) => [to(name), value]));
  const split = <S extends Split | undefined>(of: S): S => (of?.more ? { ...of, more: renamed(of.more) } : of);
  const { input = "x", label = "y", more, train, test, val } = data;
  return {
    ...data,
    ...((data.input !== undefined || Object.hasOwn(names, "x")) && { input: to(input) }),
    ...((data.label !== undefined || Object.hasOwn(names, "y")) && { label: to(label) }),
    ...(more && { more: renamed(more) }),
    ...(data.places && { places: { ...data.places, more: data.places.more.map(to) } }),
    train: split(train),
    test: split(test),
    ...(val && { val: split(val) }),
  };
}
