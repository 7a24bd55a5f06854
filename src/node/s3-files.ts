/** The few calls of an S3 client that a store needs. */
import { z } from "zod";
import { EspalierError } from "../error.ts";

interface Named {
  readonly Bucket: string;
  readonly Key: string;
}
type Command<I> = new (input: I) => object;

/** What is used of the package `@aws-sdk/client-s3`, and a client of it. */
export interface S3Kit {
  readonly sdk: {
    readonly GetObjectCommand: Command<Named>;
    readonly PutObjectCommand: Command<
      Named & { readonly Body: Uint8Array; readonly IfMatch?: string; readonly IfNoneMatch?: string }
    >;
    readonly DeleteObjectCommand: Command<Named>;
    readonly ListObjectsV2Command: Command<{
      readonly Bucket: string;
      readonly Prefix: string;
      readonly ContinuationToken?: string;
    }>;
  };
  readonly client: { send(command: never): Promise<unknown> };
}

/** On what a write depends: that there is no such object yet, or that it is the one of this tag. */
type Unless = { readonly IfNoneMatch: "*" } | { readonly IfMatch: string };

/** An object of a bucket. */
interface BucketFile {
  readonly bytes: Uint8Array;
  readonly tag: string;
  /** When it was written, in milliseconds since 1970. */
  readonly at: number;
}

/** What a list says of an object. */
export interface BucketObject {
  readonly key: string;
  readonly tag: string;
  /** In bytes. */
  readonly size: number;
}

/** Objects by their keys. */
export interface BucketFiles {
  /** Undefined when there is none. */
  get(key: string): Promise<BucketFile | undefined>;
  /** @returns its tag; undefined when `unless` forbade it */
  put(key: string, bytes: Uint8Array, unless?: Unless): Promise<string | undefined>;
  remove(key: string): Promise<void>;
  /** All keys that begin so. */
  keys(prefix: string): Promise<string[]>;
  /** All objects whose keys begin so. */
  objects(prefix: string): Promise<BucketObject[]>;
}

const found = z.object({
  Body: z.custom<{ transformToByteArray(): Promise<Uint8Array> }>((body) => typeof body === "object" && body !== null),
  ETag: z.string(),
  LastModified: z.date(),
});
const written = z.object({ ETag: z.string() });
const listed = z.object({
  Contents: z.array(z.object({ Key: z.string(), ETag: z.string(), Size: z.number() })).optional(),
  IsTruncated: z.boolean().optional(),
  NextContinuationToken: z.string().optional(),
});
const refusal = z.object({ name: z.string(), $metadata: z.object({ httpStatusCode: z.number().optional() }) });

/** The status of a refusal, where the bucket answered. */
const statusOf = (error: unknown): number | undefined => refusal.safeParse(error).data?.$metadata.httpStatusCode;
const MISSING = 404;
/** What was to be is otherwise; somebody else writes it just now. */
const FORBIDDEN = [412, 409];

export function s3Files({ sdk, client }: S3Kit, bucket: string): BucketFiles {
  const send = async (
    what: string,
    key: string,
    command: object,
    expected: readonly number[] = [],
  ): Promise<unknown> => {
    try {
      return await client.send(command as never); // a client takes the commands of its own package
    } catch (error) {
      const status = statusOf(error);
      if (status !== undefined && expected.includes(status)) return undefined;
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      throw new EspalierError(
        what === "write to" ? "unwritable" : "system",
        `cannot ${what} the bucket`,
        { object: `s3://${bucket}/${key}`, reason },
        "check endpoint, region and keys, and what they may do",
      );
    }
  };
  const objects = async (prefix: string): Promise<BucketObject[]> => {
    const all: BucketObject[] = [];
    for (let from: string | undefined; ; ) {
      const input = { Bucket: bucket, Prefix: prefix, ...(from !== undefined && { ContinuationToken: from }) };
      const answer = listed.parse(await send("list", prefix, new sdk.ListObjectsV2Command(input)));
      all.push(...(answer.Contents ?? []).map(({ Key, ETag, Size }) => ({ key: Key, tag: ETag, size: Size })));
      if (!answer.IsTruncated || answer.NextContinuationToken === undefined) return all;
      from = answer.NextContinuationToken;
    }
  };
  return {
    async get(key) {
      const answer = await send("read", key, new sdk.GetObjectCommand({ Bucket: bucket, Key: key }), [MISSING]);
      if (answer === undefined) return undefined;
      const { Body, ETag, LastModified } = found.parse(answer);
      return { bytes: await Body.transformToByteArray(), tag: ETag, at: LastModified.getTime() };
    },
    async put(key, bytes, unless) {
      const command = new sdk.PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes, ...unless });
      const answer = await send("write to", key, command, unless ? [...FORBIDDEN, MISSING] : []);
      return answer === undefined ? undefined : written.parse(answer).ETag;
    },
    async remove(key) {
      await send("write to", key, new sdk.DeleteObjectCommand({ Bucket: bucket, Key: key }), [MISSING]);
    },
    keys: async (prefix) => (await objects(prefix)).map(({ key }) => key),
    objects,
  };
}
