/** What reading found of tensors that are shared: those stored twice that are one, and those stored once that are several. */

import type { Model } from "../graph/types.ts";
import { restOf } from "./rest.ts";

/** A tensor that the file stores a second time, which is now computed from the first. */
export interface StoredTwice {
  /** The parameter. */
  readonly name: string;
  /** What the file stored beside it. */
  readonly copy: string;
  readonly transposed: boolean;
  /** It has further axes of 1, or fewer. */
  readonly reshaped?: true;
  /** Half a sentence: "one is looked up, the other multiplies". */
  readonly why: string;
}

/** A tensor that several layers read in the file, since its exporter stored equal numbers once. */
export interface Parting {
  /** The name in the file, which one of them keeps. */
  readonly name: string;
  /** The names of the others. */
  readonly apart: readonly string[];
  readonly why: string;
}

export interface Sharing {
  readonly ties: readonly StoredTwice[];
  readonly partings: readonly Parting[];
}

const NOTHING: Sharing = { ties: [], partings: [] };

/** What was found when a model was read; nothing for one that was not. */
export const sharingOf = (model: Model): Sharing => restOf(model)?.sharing ?? NOTHING;

const SHOWN = 3;

/** The first few of a list of texts. */
const some = (texts: readonly string[]): string =>
  texts.slice(0, SHOWN).join(", ") + (texts.length > SHOWN ? ` and ${texts.length - SHOWN} more` : "");

/** What to tell whoever trains a model; nothing when it shares nothing in an unusual way. */
export function sharingNotes({ ties, partings }: Sharing): string[] {
  const tied = ties.map((t) => `${t.name} (also stored as ${t.copy})`);
  const apart = partings.map((p) => `${p.name} (${some(p.apart)})`);
  return [
    ...(tied.length ? [`stored twice, trained as one: ${some(tied)}`] : []),
    ...(apart.length ? [`equal numbers that the file stores once, trained apart: ${some(apart)}`] : []),
  ];
}
