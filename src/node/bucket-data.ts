/** Data in a bucket: copied once to where data sets are kept, and read from there. */
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { EspalierError } from "../error.ts";
import { joinPath, remove, sizeOfFile, userCache } from "./files.ts";
import type { BucketFiles, BucketObject } from "./s3-files.ts";
import { bucketFilesAt, isInBucket } from "./store-at.ts";
import { otherwise, refused } from "./system-error.ts";
import { inPlaceOf, makeFolder, writeWhole } from "./whole-files.ts";

/** Objects that are fetched at once. */
const AT_ONCE = 8;
const tags = z.record(z.string(), z.string());

/**
 * Where the data of a name is on this machine. That of `s3://BUCKET/KEY` — an object, or all objects of a folder — is fetched as far as
 * it is not there as it is in the bucket, by the objects' tags; what the bucket has no more goes. Other names stay as they are.
 * @param root where data sets are kept. Default: the user's cache folder
 * @throws EspalierError when there is nothing in the bucket, it refuses, or the disk does
 */
export async function dataHere(name: string, root?: string): Promise<string> {
  if (!isInBucket(name)) return name;
  const { bucket, prefix, files } = bucketFilesAt(name);
  const within = await files.objects(prefix === "" ? "" : `${prefix}/`);
  const listed = within.length > 0 ? within : (await files.objects(prefix)).filter(({ key }) => key === prefix);
  const objects = listed.filter(({ key }) => !key.endsWith("/")); // what marks a folder has nothing in it
  if (objects.length === 0)
    throw new EspalierError("missing", "there is no data in the bucket", { looked: name }, "check bucket and key");
  // of this address alone: what else is fetched changes nothing here
  const own = joinPath(root ?? userCache(), "s3", digest(`${bucket}/${prefix}`));
  await copied(files, objects, joinPath(own, bucket), `${own}.json`);
  return joinPath(own, bucket, ...prefix.split("/"));
}

const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);

/** @param noted the file that says which tags the copies have */
async function copied(
  files: BucketFiles,
  objects: readonly BucketObject[],
  folder: string,
  noted: string,
): Promise<void> {
  const text = await readFile(noted, "utf8").catch(otherwise(["ENOENT"], "{}"));
  const before = tags.parse(JSON.parse(text));
  const now = Object.fromEntries(objects.map(({ key, tag }) => [key, tag]));
  const waiting = objects.values();
  const fetchThem = async () => {
    for (const object of waiting) await copy(files, object, localOf(folder, object.key), before[object.key]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, fetchThem));
  for (const key of Object.keys(before)) if (!(key in now)) await remove(localOf(folder, key));
  await writeWhole(noted, new TextEncoder().encode(`${JSON.stringify(now)}\n`));
}

async function copy(files: BucketFiles, { key, tag, size }: BucketObject, path: string, had?: string): Promise<void> {
  if (had === tag && (await sizeOfFile(path)) === size) return;
  const found = await files.get(key);
  if (!found) throw new EspalierError("missing", "an object went while the data was copied", { key }, "start again");
  try {
    await makeFolder(dirname(path));
    await inPlaceOf(path, (temporary) => writeFile(temporary, found.bytes));
  } catch (error) {
    throw refused("write the copy", { file: path }, error, "write");
  }
}

/** @throws EspalierError for a key that would lead out of the folder */
function localOf(folder: string, key: string): string {
  const parts = key.split("/");
  if (parts.some((part) => part === "" || part === "." || part === ".." || part.includes("\\")))
    throw new EspalierError("unsupported", "the object's key is no path of a file", { key }, "give it another key");
  return joinPath(folder, ...parts);
}
