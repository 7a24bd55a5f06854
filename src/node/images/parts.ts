/** Which folders of a folder of images are for training, testing and validation. */
import { resolve } from "node:path";
import { EspalierError } from "../../error.ts";
import type { Words } from "../../message.ts";
import { foldersIn, type ImageClass, imageClasses } from "./listing.ts";

/** Names of the folders of the parts, in small letters. */
const PARTS = { train: ["train", "training"], test: ["test", "testing"], val: ["val", "valid", "validation"] } as const;
type Part = keyof typeof PARTS;

const partOf = (name: string): Part | undefined =>
  (Object.keys(PARTS) as Part[]).find((part) => (PARTS[part] as readonly string[]).includes(name.toLowerCase()));

/** Whether the names in a folder are those of parts or of classes. */
export const looksLikeImages = (names: readonly string[]): boolean =>
  names.some((name) => partOf(name) === "train" || (!name.includes(".") && name !== ""));

/** The classes of a part. */
export interface Listed {
  readonly folder: string;
  readonly classes: readonly ImageClass[];
}

/** The folders of the parts. What is held out once is for testing. */
export async function parts(
  path: string,
): Promise<{ found: Record<"train", Listed> & Partial<Record<Part, Listed>>; notes: Words[] }> {
  const names = await foldersIn(path);
  const folders = new Map<Part, string>();
  if (names.some((name) => partOf(name) === "train"))
    for (const name of names) {
      const part = partOf(name);
      if (!part) continue;
      const other = folders.get(part);
      if (other !== undefined)
        throw new EspalierError(
          "conflict",
          `two folders are for the same part: ${part}`,
          { folder: path, got: `${other}, ${name}` },
          "rename one",
        );
      folders.set(part, name);
    }
  else if (names.length > 0 && names.every((name) => partOf(name)))
    throw new EspalierError(
      "missing",
      "the folder has no images for training",
      { folder: path, got: names.join(", "), wanted: "train" },
      "put a folder train beside it; or name a folder of classes itself, of which a share is drawn for testing",
    );
  const notes: Words[] = [];
  const listed = async (folder: string): Promise<Listed> => {
    const { classes, others } = await imageClasses(folder);
    if (classes.length === 0)
      throw new EspalierError(
        "missing",
        "the folder has no folders of classes with images in them",
        { folder, wanted: "CLASS/*.jpg, or train/CLASS/*.jpg" },
        "put the images of each class in a folder of its name",
      );
    if (others.length > 0)
      notes.push(`${others.length} files in ${folder} are no images by their names and are left out: ${some(others)}`);
    return { folder, classes };
  };
  const [train, val, test] = await Promise.all(
    (["train", "val", "test"] as const)
      .map((part) => folders.get(part))
      .map((name, i) =>
        name === undefined ? (i === 0 ? listed(resolve(path)) : undefined) : listed(resolve(path, name)),
      ),
  );
  if (val && !test) {
    notes.push(`${folders.get("val")} is taken for testing, as there is no folder test`);
    return { found: { train: train!, test: val }, notes };
  }
  return { found: { train: train!, ...(val && { val }), ...(test && { test }) }, notes };
}

/** Some of the names, and how many more there are. */
export const some = (names: readonly string[], most = 5): string =>
  `${names.slice(0, most).join(", ")}${names.length > most ? ` and ${names.length - most} more` : ""}`;
