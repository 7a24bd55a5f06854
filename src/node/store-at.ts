/** The place of a run or a sweep by its name: a folder, or a part of a bucket. */
import { join } from "node:path";
import { EspalierError } from "../error.ts";
import { aText, wants } from "../given.ts";
import type { Store } from "../train/store.ts";
import { bucketStore } from "./bucket.ts";
import { directory } from "./directory.ts";
import { type BucketFiles, type S3Kit, s3Files } from "./s3-files.ts";

type Environment = Readonly<Record<string, string | undefined>>;
type Sdk = S3Kit["sdk"] & { readonly S3Client: new (options: object) => S3Kit["client"] };

const BUCKET = /^s3:\/\/([^/]+)(?:\/+(.*))?$/;

/** Whether a name is that of a place in a bucket: begins with `s3://`. @throws UsageError for what is no text */
export function isInBucket(place: string): boolean {
  wants("isInBucket", ["place", aText, place]);
  return place.startsWith("s3://");
}

/**
 * The store that a name means: `s3://BUCKET/PREFIX` in a bucket that speaks S3, through the standard client (`npm i @aws-sdk/client-s3`)
 * with the endpoint, region and keys that it finds in the environment and in AWS's files; anything else is a folder. An endpoint of your own
 * (`AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`) is addressed by paths, as MinIO and Ceph want it, and has the region us-east-1 unless
 * one is named. The client is loaded when the store is first used. For one that you set up yourself take `bucket`.
 * @throws EspalierError for an address without a bucket; from its methods as those of `directory` and `bucket`
 */
export function storeAt(place: string): Store {
  wants("storeAt", ["place", aText, place]);
  if (!isInBucket(place)) return directory(place);
  const { bucket, prefix, files } = bucketFilesAt(place);
  return bucketStore(files, bucket, prefix);
}

/** The objects of a bucket by an address, `prefix` without a slash at its end. @throws EspalierError for an address without a bucket */
export function bucketFilesAt(place: string): {
  readonly bucket: string;
  readonly prefix: string;
  readonly files: BucketFiles;
} {
  const [, bucket, prefix = ""] = BUCKET.exec(place) ?? [];
  if (bucket !== undefined) return { bucket, prefix: prefix.replace(/\/+$/, ""), files: loadedLater(bucket) };
  throw new EspalierError("out-of-range", "there is no such place", { got: place, wanted: "s3://BUCKET/PREFIX" });
}

/** The name of a file or a folder in a place, on this machine or in a bucket. @throws UsageError for what is no text */
export function fileAt(place: string, name: string): string {
  wants("fileAt", ["place", aText, place], ["name", aText, name]);
  return isInBucket(place) ? `${place.replace(/\/+$/, "")}/${name}` : join(place, name);
}

/** How the standard client is set up beyond what it finds itself. */
function clientOptions(env: Environment): object {
  const own = env["AWS_ENDPOINT_URL_S3"] ?? env["AWS_ENDPOINT_URL"];
  const region = env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"] ?? (own === undefined ? undefined : "us-east-1");
  return { ...(region !== undefined && { region }), ...(own !== undefined && { forcePathStyle: true }) };
}

/** Objects of a bucket whose client is loaded by the first who asks for one. */
function loadedLater(bucket: string): BucketFiles {
  let loaded: Promise<BucketFiles> | undefined;
  const files = () => (loaded ??= load(bucket));
  return {
    get: async (key) => (await files()).get(key),
    put: async (key, bytes, unless) => (await files()).put(key, bytes, unless),
    remove: async (key) => (await files()).remove(key),
    keys: async (prefix) => (await files()).keys(prefix),
    objects: async (prefix) => (await files()).objects(prefix),
  };
}

async function load(bucket: string): Promise<BucketFiles> {
  const name: string = "@aws-sdk/client-s3"; // a variable: it need not be installed where no bucket is used
  let sdk: Sdk;
  try {
    sdk = await import(name);
  } catch (cause) {
    throw new EspalierError(
      "missing",
      "a bucket wants the package @aws-sdk/client-s3",
      { bucket: `s3://${bucket}`, reason: (cause as Error).message },
      "npm install @aws-sdk/client-s3",
    );
  }
  return s3Files({ sdk, client: new sdk.S3Client(clientOptions(process.env)) }, bucket);
}
