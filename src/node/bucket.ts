/** A run's files in a bucket that speaks S3, through the standard client. */
import { joinedBytes } from "../bytes.ts";
import { aFunction, anObject, aText, maybe, wants } from "../given.ts";
import type { Store } from "../train/store.ts";
import { BucketLock } from "./bucket-lock.ts";
import { type BucketFiles, type S3Kit, s3Files } from "./s3-files.ts";

/** Where in a bucket. */
export interface BucketOptions extends S3Kit {
  readonly bucket: string;
  /** What the names begin with: "sweeps/a". Default: nothing */
  readonly prefix?: string;
}

/**
 * A store in an S3-compatible bucket, for runs and sweeps of machines that share no folder. The client is the caller's, with its
 * endpoint, region and keys (`npm i @aws-sdk/client-s3`):
 * ```ts
 * import * as sdk from "@aws-sdk/client-s3";
 * const client = new sdk.S3Client({ region: "eu-central-1" });
 * await sweep(trial, { …, store: bucket({ sdk, client, bucket: "studies", prefix: "lenet5" }) });
 * ```
 * The lock is an object that one alone can make (If-None-Match, which AWS, MinIO and Ceph have); its holder renews it, and without a sign
 * for five minutes, by this machine's clock and the bucket's, it is free again. Appending reads the file and writes it whole.
 * @throws UsageError for what is no client; EspalierError from its methods when the bucket refuses, naming object and reason
 */
export function bucket(options: BucketOptions): Store {
  wants(
    "bucket",
    ["options", anObject, options],
    ["sdk", anObject, options, "sdk"],
    ["client", anObject, options, "client"],
    ["bucket", aText, options, "bucket"],
    ["prefix", maybe(aText), options, "prefix"],
  );
  const { sdk, client } = options;
  wants(
    "bucket",
    ["client.send", aFunction, client, "send"],
    ["sdk.GetObjectCommand", aFunction, sdk, "GetObjectCommand"],
    ["sdk.PutObjectCommand", aFunction, sdk, "PutObjectCommand"],
    ["sdk.DeleteObjectCommand", aFunction, sdk, "DeleteObjectCommand"],
    ["sdk.ListObjectsV2Command", aFunction, sdk, "ListObjectsV2Command"],
  );
  return bucketStore(s3Files(options, options.bucket), options.bucket, options.prefix ?? "");
}

/** A store of the objects whose names begin so. */
export function bucketStore(files: BucketFiles, bucket: string, prefix: string): Store {
  const bare = prefix.replace(/^\/+|\/+$/g, "");
  return within(files, `s3://${bucket}`, bare === "" ? "" : `${bare}/`);
}

const LOCK = ".lock";

/** @param prefix of its objects: empty, or it ends in a slash */
function within(files: BucketFiles, root: string, prefix: string): Store {
  const location = `${root}/${prefix}`.replace(/\/$/, "");
  const lock = new BucketLock(files, prefix + LOCK, location);
  const change = async (work: () => Promise<void>): Promise<void> => {
    await lock.check();
    await work();
  };
  const read = async (name: string) => (await files.get(prefix + name))?.bytes;
  const write = (name: string, bytes: Uint8Array) => files.put(prefix + name, bytes);
  return {
    location,
    read,
    write: (name, bytes) => change(async () => void (await write(name, bytes))),
    append: (name, more) =>
      change(async () => {
        const added = typeof more === "string" ? new TextEncoder().encode(more) : more;
        await write(name, joinedBytes([(await read(name)) ?? new Uint8Array(0), added]));
      }),
    remove: (name) =>
      change(async () => {
        const path = prefix + name;
        for (const key of await files.keys(path))
          if (key === path || key.startsWith(`${path}/`)) await files.remove(key);
      }),
    async list() {
      const names = (await files.keys(prefix)).map((key) => key.slice(prefix.length));
      return [...new Set(names.filter((name) => name !== LOCK).map((name) => name.split("/")[0]))];
    },
    lock: () => lock.take(),
    within: (folder) => within(files, root, `${prefix}${folder}/`),
  };
}
