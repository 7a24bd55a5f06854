/** Classes in the order of a model's outputs, by their names. */
import { EspalierError } from "../error.ts";
import { aDataset, aList, wants } from "../given.ts";
import { named, say, type Words } from "../message.ts";
import type { Dataset } from "./dataset.ts";
import type { Split } from "./split.ts";

/** A data set whose classes are those of a model. */
export interface OrderedClasses {
  readonly data: Dataset;
  /** How classes were matched, where that was not plain. */
  readonly notes: readonly Words[];
}

/**
 * The data set with its classes numbered as a model numbers them: by their names, in any case of letters.
 * @param names of the model's classes, in the order of its outputs
 * @throws EspalierError for a class of the data that the model has not
 */
export function orderClasses(data: Dataset, names: readonly string[]): OrderedClasses {
  wants("orderClasses", ["data", aDataset, data], ["names", aList, names]);
  const { classes, classNames } = data;
  if (classes === null) return { data, notes: [] };
  const shown = names.join(", ");
  if (!classNames) {
    const notes =
      classes <= names.length ? [say`the data has no names of classes: 0 … ${classes - 1} are taken for ${shown}`] : [];
    return { data, notes };
  }
  const to = classNames.map((name) => indexOf(name, names));
  const unknown = classNames.filter((_, i) => to[i] < 0);
  if (unknown.length > 0 || new Set(to).size < to.length)
    throw new EspalierError(
      "mismatch",
      "the classes of the data are not those of the model",
      { got: classNames.join(", "), wanted: shown, "not the model's": unknown.join(", ") || undefined },
      say`rename the labels, or tell the order of the data's classes by ${named("classes")}; of a model whose outputs mean nothing yet remove id2label from config.json, or replace the classifier by ${named("newHead")}`,
    );
  const { train, test, val, encoding } = data;
  const values = names.map((name, i) => classNames[to.indexOf(i)] ?? name); // as the data spells them
  const same = {
    ...data,
    ...(encoding && { encoding: { ...encoding, classes: values } }),
    classes: names.length,
    classNames: names,
  };
  if (to.every((now, i) => now === i)) return { data: same, notes: [] };
  const renumbered = <S extends Split | undefined>(split: S): S =>
    split && { ...split, y: Int32Array.from(split.y, (c) => (c < 0 ? c : to[c])) };
  return {
    data: {
      ...same,
      train: renumbered(train),
      test: renumbered(test),
      ...(val && { val: renumbered(val) }),
    },
    notes: [say`the classes have the order of the model's outputs: ${shown} (in the data: ${classNames.join(", ")})`],
  };
}

function indexOf(name: string, names: readonly string[]): number {
  const exact = names.indexOf(name);
  if (exact >= 0) return exact;
  const folded = names.map((n) => n.toLowerCase());
  const at = folded.indexOf(name.toLowerCase());
  return folded.indexOf(name.toLowerCase(), at + 1) < 0 ? at : -1;
}
