/** A folder of images as a data set: `train/CLASS/*.jpg` with `val` and `test` beside it, or `CLASS/*.jpg` alone. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { orderClasses } from "../../data/class-order.ts";
import { type Dataset, holdOut } from "../../data/dataset.ts";
import { imageScale, outputSize } from "../../data/preprocessing.ts";
import { sourceSplit } from "../../data/source.ts";
import type { Split } from "../../data/split.ts";
import { EspalierError } from "../../error.ts";
import { option, say, type Words } from "../../message.ts";
import { inFile } from "../array-files.ts";
import { dataRoot } from "../files.ts";
import { batchesAhead } from "../worker.ts";
import { brokenImage, leftNote, whyLeftOut } from "./broken.ts";
import type { SampleMaking } from "./decode.ts";
import { aFewAtATime } from "./few.ts";
import { lookAt } from "./listing.ts";
import { type ImageOptions, lookNotes, makingOf, someHeaders } from "./making.ts";
import { type Listed, parts, some } from "./parts.ts";
import imageSource, { type ImageFiles, readImage } from "./source.ts";

/**
 * Opens a folder of images. Nothing but the beginning of each file is read now (with `skipBroken`, all of it); images are decoded a few
 * batches ahead of their use, so that memory does not grow with the folder.
 * @throws EspalierError naming the file or class that is wrong; UsageError for options that are not valid
 */
export async function openImageFolder(path: string, options: ImageOptions = {}): Promise<Dataset> {
  const listed = await parts(path);
  const { train, test, val } = listed.found;
  const classNames = train.classes.map(({ name }) => name);
  const headers = await someHeaders(train);
  const making = makingOf(path, options, headers);
  const cache = options.cacheImages === true ? join(dataRoot(), "decoded-images") : options.cacheImages || undefined;
  const left: string[] = [];
  const split = async (of: Listed): Promise<Split> => {
    const all = rowsOf(of, classNames);
    const looked = await lookAt(of.folder, all.files);
    const given: ImageFiles = { ...making, folder: of.folder, files: all.files, identity: "", ...(cache && { cache }) };
    const reasons = looked.map(({ reason }) => reason);
    const first = reasons.findIndex((reason) => reason !== undefined);
    if (!options.skipBroken && first >= 0) throw brokenImage(join(of.folder, all.files[first]), reasons[first]);
    if (options.skipBroken)
      await aFewAtATime(all.files.length, async (i) => {
        reasons[i] ??= await readImage(all.files[i], given).then(() => undefined, whyLeftOut);
      });
    left.push(...reasons.flatMap((reason, i) => (reason === undefined ? [] : [`${all.files[i]} (${reason})`])));
    const kept = all.files.flatMap((_, i) => (reasons[i] === undefined ? [i] : []));
    const y = Int32Array.from(kept, (i) => all.y[i]);
    checkNoneEmpty(y, all.y, of, classNames);
    const files = kept.map((i) => all.files[i]);
    const identity = identityOf(
      kept.map((i) => [all.files[i], looked[i].bytes]),
      making,
    );
    return sourceSplit(imageSource({ ...given, files, identity }), { y, count: kept.length });
  };
  const whole = await split(train);
  const [height, width] = outputSize(making.preprocessing);
  const data: Dataset = {
    name: path,
    shape: [making.channels, height, width],
    classes: classNames.length,
    classNames,
    train: whole,
    test: test ? await split(test) : whole,
    ...(val && { val: await split(val) }),
    ...imageScale(making.preprocessing, making.channels),
    preprocessing: making.preprocessing,
    batches: batchesAhead,
  };
  const share = options.testSplit ?? 0.2;
  const complete = test ? data : holdOut(checkSome(data, path), "test", share, 0);
  const notes: Words[] = [
    ...listed.notes,
    ...(test ? [] : [say`${Math.round(100 * share)} % of the images are drawn for testing: ${option("testSplit")}`]),
    ...making.notes,
    ...lookNotes(headers),
    ...(left.length > 0 ? [leftNote(left)] : []),
  ];
  const said = { ...complete, notes, encoding: { classes: classNames } };
  const order = options.classes ?? options.encoding?.classes;
  if (!order) return said;
  const ordered = inFile(path, () => orderClasses(said, order));
  return { ...ordered.data, notes: [...notes, ...ordered.notes] };
}

/** The files of all classes, class after class, and the class of each. */
function rowsOf({ folder, classes }: Listed, names: readonly string[]): { files: string[]; y: number[] } {
  const files: string[] = [];
  const y: number[] = [];
  for (const { name, files: own } of classes) {
    const label = names.indexOf(name);
    if (label < 0)
      throw new EspalierError(
        "mismatch",
        "a class has no training images",
        { folder: join(folder, name), wanted: some(names, 20) },
        "rename or remove the folder, or put images of the class in the folder for training",
      );
    for (const file of own) {
      files.push(file);
      y.push(label);
    }
  }
  return { files, y };
}

function checkNoneEmpty(y: Int32Array, before: readonly number[], { folder }: Listed, names: readonly string[]): void {
  const kept = new Set(y);
  const gone = before.find((label) => !kept.has(label));
  if (gone !== undefined)
    throw new EspalierError(
      "missing",
      "no image of a class can be read",
      { folder: join(folder, names[gone]) },
      "get its images again, or remove the folder",
    );
}

function checkSome(data: Dataset, path: string): Dataset {
  if (data.train.count > 1) return data;
  throw new EspalierError(
    "missing",
    "there is one image alone, and none to test with",
    { folder: path },
    "give more images, or folders train and test",
  );
}

const identityOf = (
  files: readonly (readonly [string, number])[],
  { preprocessing, channels }: SampleMaking,
): string => {
  const hash = createHash("sha256");
  for (const one of files) hash.update(JSON.stringify(one));
  const { resize, crop, interpolation } = preprocessing;
  return `images ${hash.update(JSON.stringify([resize, crop, interpolation, channels])).digest("hex")}`;
};
