/** What a reader of data sets is, and what all of them together can be told. */
import type { Dataset } from "../data/dataset.ts";
import type { DigitsOptions } from "../data/digits.ts";
import type { Encoding } from "../data/encoding.ts";
import type { LabelKind } from "../data/labels.ts";
import { LABEL_KINDS } from "../data/labels.ts";
import { MISSING_RULES, type MissingRule } from "../data/table/encode.ts";
import type { TextReading } from "../data/table/table-texts.ts";
import { aList, aNumber, anObject, aSwitch, aText, type Kind, maybe, oneOfKinds, orNull, wants } from "../given.ts";
import type { ImageOptions } from "./images/making.ts";
import type { DataPlace } from "./locate.ts";

/** Options of `datasets.open`. Each reader takes some of them; one that the reader found does not take is refused by its name. */
export interface OpenOptions extends ImageOptions {
  /** Folder with the data sets that have names. Default: $ESPALIER_DATA, else the user's cache folder. */
  readonly root?: string;
  /** How `digits` are drawn. */
  readonly digits?: DigitsOptions;
  /** The columns (arrays) that are inputs. Default: all that are no labels. */
  readonly inputColumns?: readonly string[];
  /** The columns (arrays) that are labels. Default: those whose names say so: y, label, labels, target, targets, class. */
  readonly labelColumns?: readonly string[];
  /** Columns of a table that are neither. Default: none. */
  readonly skipColumns?: readonly string[];
  /** Columns of a table that are categories although they are numbers, or have more different values than categories usually have. */
  readonly categorical?: readonly string[];
  /** Numbers of a table: less the mean, by the deviation of the training samples. Default true; for a model that records no encoding false. */
  readonly standardize?: boolean;
  /** Missing values of a table: "refuse", "mean" (of a category none), or "drop" the rows. Default "refuse". */
  readonly missing?: MissingRule;
  /** Of .csv; default: what the first line has most of, of .tsv a tab. */
  readonly delimiter?: string;
  /** Whether the first row of a .csv or .tsv is names. Default: if none of its values is a number. */
  readonly header?: boolean;
  /** What labels are: one class a sample, numbers to fit, or a class for each place of a sample. Default: what they look like, which is said. */
  readonly labelKind?: LabelKind;
  /** What labels are taken for where `labelKind` says nothing: by a loss that fits numbers, numbers. */
  readonly expects?: "numbers";
  /** The value of each class, as the data has it. Default: the values that occur, sorted; of whole numbers that begin at 0 these. */
  readonly classes?: readonly string[];
  /** For a model of text: columns of texts become tokens. Default: none do. */
  readonly text?: TextReading;
  /** Share in (0, 1) of the samples that is drawn for testing where the data has no test samples of its own. Default 0.2. */
  readonly testSplit?: number;
  /**
   * How samples became numbers before, as `encodingOf` has it of a model: these are read in the same way. null: the model records
   * nothing, so numbers are taken as they are.
   */
  readonly encoding?: Encoding | null;
}

/** What each option is. */
const KINDS: Readonly<Record<keyof OpenOptions, Kind>> = {
  root: maybe(aText),
  digits: maybe(anObject),
  inputColumns: maybe(aList),
  labelColumns: maybe(aList),
  skipColumns: maybe(aList),
  categorical: maybe(aList),
  standardize: maybe(aSwitch),
  missing: maybe({
    wanted: `one of ${MISSING_RULES.join(", ")}`,
    holds: (x) => MISSING_RULES.includes(x as MissingRule),
  }),
  delimiter: maybe(aText),
  header: maybe(aSwitch),
  labelKind: maybe({ wanted: `one of ${LABEL_KINDS.join(", ")}`, holds: (x) => LABEL_KINDS.includes(x as LabelKind) }),
  expects: maybe({ wanted: "numbers", holds: (x) => x === "numbers" }),
  classes: maybe(aList),
  text: maybe(anObject),
  testSplit: maybe({ ...aNumber, wanted: "a number in (0, 1)", holds: (x) => typeof x === "number" && x > 0 && x < 1 }),
  encoding: orNull(anObject),
  images: maybe(anObject),
  preprocessing: maybe(anObject),
  preset: maybe(aText),
  resize: maybe(oneOfKinds(aNumber, aList)),
  crop: maybe(oneOfKinds(aNumber, aList)),
  skipBroken: maybe(aSwitch),
  cacheImages: maybe(oneOfKinds(aSwitch, aText)),
};

/** @throws UsageError for an option that is not of its kind; names that are no options, the reader refuses */
export function checkOptions(who: string, options: OpenOptions): void {
  wants(who, ["options", anObject, options]);
  for (const [key, kind] of Object.entries(KINDS)) wants(who, [key, kind, options, key]);
}

/** Options that one reader takes and another does not. */
export type ReaderOption = keyof OpenOptions;

/** What is at a path. */
export interface AtPath {
  readonly is: "file" | "folder" | "nothing";
  /** The names in a folder, sorted; none of a file. */
  readonly names: readonly string[];
}

/** A reader of one kind of data set. */
export interface DataReader {
  /** What it reads, in a message: "an .npz file". */
  readonly kind: string;
  /** What a path of this kind looks like, for the message that lists what can be read. */
  readonly wanted: string;
  /** Whether it stands in the list of files or of folders that can be read. */
  readonly of: "name" | "file" | "folder";
  /** The options that it takes. */
  readonly takes: readonly ReaderOption[];
  /** Whether a path is of this kind, by its name and by what is there; nothing is read. */
  recognises(path: string, found: AtPath): boolean;
  /** @throws EspalierError naming file and place of what is wrong; UsageError for options that do not fit the data */
  open(path: string, options: OpenOptions): Promise<Dataset>;
  /** The files that it is in. Default: the path itself. */
  files?(path: string, options: OpenOptions): Promise<DataPlace["files"]>;
}
