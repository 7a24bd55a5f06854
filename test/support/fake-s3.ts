/** A bucket in memory: to a client of the caller's, and to the real one over HTTP, whose requests must be signed. */
import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { BucketOptions } from "espalier/node";

interface Conditions {
  readonly IfMatch?: string;
  readonly IfNoneMatch?: string;
}
interface FakeObject {
  readonly bytes: Uint8Array;
  readonly tag: string;
  at: Date;
}
class Refusal extends Error {
  readonly $metadata: { readonly httpStatusCode: number };
  constructor(status: number, name: string) {
    super(`the bucket says ${name}`);
    this.name = name;
    this.$metadata = { httpStatusCode: status };
  }
}

/** Keys of a page. */
const PAGE = 2;

export class FakeBucket {
  readonly objects = new Map<string, FakeObject>();
  /** Refuses all that is asked. */
  broken = false;

  get(key: string): FakeObject {
    const found = this.objects.get(key);
    if (this.broken) throw new Refusal(403, "AccessDenied");
    if (!found) throw new Refusal(404, "NoSuchKey");
    return found;
  }

  put(key: string, bytes: Uint8Array, { IfMatch, IfNoneMatch }: Conditions): string {
    const before = this.objects.get(key);
    if (this.broken) throw new Refusal(403, "AccessDenied");
    if ((IfNoneMatch && before) || (IfMatch && IfMatch !== before?.tag)) throw new Refusal(412, "PreconditionFailed");
    const tag = `"${createHash("md5").update(bytes).digest("hex")}"`;
    this.objects.set(key, { bytes: bytes.slice(), tag, at: new Date() });
    return tag;
  }

  /** A page of keys, from one on. */
  list(prefix: string, from = ""): { readonly keys: readonly string[]; readonly next?: string } {
    if (this.broken) throw new Refusal(403, "AccessDenied");
    const all = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key >= from).sort();
    return { keys: all.slice(0, PAGE), ...(all.length > PAGE && { next: all[PAGE] }) };
  }
}

type Input = Conditions & {
  readonly Key: string;
  readonly Body: Uint8Array;
  readonly Prefix: string;
  readonly ContinuationToken?: string;
};
type Answer = (input: Input, bucket: FakeBucket) => unknown;
const command = (answer: Answer) =>
  class {
    readonly input: object;
    readonly answer = answer;
    constructor(input: object) {
      this.input = input;
    }
  };

/** A client that has the bucket at hand. */
export const kitOf = (bucket: FakeBucket): Pick<BucketOptions, "sdk" | "client"> => ({
  sdk: {
    GetObjectCommand: command(({ Key }, of) => {
      const { bytes, tag, at } = of.get(Key);
      return { Body: { transformToByteArray: async () => bytes.slice() }, ETag: tag, LastModified: at };
    }),
    PutObjectCommand: command((input, of) => ({ ETag: of.put(input.Key, input.Body, input) })),
    DeleteObjectCommand: command(({ Key }, of) => ({ deleted: of.objects.delete(Key) })),
    ListObjectsV2Command: command(({ Prefix, ContinuationToken }, of) => {
      const { keys, next } = of.list(Prefix, ContinuationToken);
      return {
        Contents: keys.map((Key) => ({ Key, ETag: of.objects.get(Key)!.tag, Size: of.objects.get(Key)!.bytes.length })),
        IsTruncated: next !== undefined,
        ...(next !== undefined && { NextContinuationToken: next }),
      };
    }),
  },
  client: { send: async (sent: { input: Input; answer: Answer }) => sent.answer(sent.input, bucket) },
});

const contentsOf = (key: string, { tag, bytes }: FakeObject): string =>
  `<Contents><Key>${key}</Key><ETag>${tag.replaceAll('"', "&quot;")}</ETag><Size>${bytes.length}</Size></Contents>`;

/** The same over HTTP. @param bucket its name in addresses */
export async function serveBucket(fake: FakeBucket, bucket: string): Promise<{ server: Server; endpoint: string }> {
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const { pathname, searchParams } = new URL(request.url!, "http://localhost");
    const key = decodeURIComponent(pathname.slice(bucket.length + 2));
    const header = (name: string) => request.headers[name] as string | undefined;
    try {
      if (!/^AWS4-HMAC-SHA256 Credential=.+Signature=[0-9a-f]{64}$/.test(header("authorization") ?? ""))
        throw new Refusal(403, "AccessDenied");
      if (request.method === "PUT") {
        const conditions = { IfMatch: header("if-match"), IfNoneMatch: header("if-none-match") };
        response.setHeader("etag", fake.put(key, Buffer.concat(chunks), conditions)).end();
      } else if (request.method === "DELETE") {
        fake.objects.delete(key);
        response.writeHead(204).end();
      } else if (searchParams.get("list-type") === "2") {
        const from = searchParams.get("continuation-token") ?? undefined;
        const { keys, next } = fake.list(searchParams.get("prefix") ?? "", from);
        const more = next === undefined ? "" : `<NextContinuationToken>${next}</NextContinuationToken>`;
        const contents = keys.map((key) => contentsOf(key, fake.objects.get(key)!)).join("");
        response.end(
          `<ListBucketResult><IsTruncated>${next !== undefined}</IsTruncated>${more}${contents}</ListBucketResult>`,
        );
      } else {
        const { bytes, tag, at } = fake.get(key);
        response.setHeader("etag", tag).setHeader("last-modified", at.toUTCString()).end(bytes);
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      response.writeHead(error.$metadata.httpStatusCode).end(`<Error><Code>${error.name}</Code></Error>`);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
