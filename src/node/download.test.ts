import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Download } from "../data/registry.ts";
import { Random } from "../math/random.ts";
import { fetchInto } from "./download.ts";

const random = new Random(9, "verify");
const content = Uint8Array.from({ length: 200_000 }, () => random.int(256));
const sha = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** What the server does with the next requests, and the ranges it was asked for. */
let behaviour: "whole" | "ranges" | "cut" | "wrong" | "long" | "missing" = "ranges";
let ranges: (string | undefined)[] = [];
let files: Record<string, Uint8Array> = {};
let server: Server;
let mirror: string;
let folder: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const { range } = request.headers;
    ranges.push(range);
    const body = files[request.url ?? ""];
    if (!body || behaviour === "missing") return void response.writeHead(404).end();
    if (behaviour === "wrong") return void response.end(Buffer.from(body).fill(1));
    if (behaviour === "long") return void response.end(Buffer.concat([body, body]));
    const from = range && behaviour !== "whole" ? Number(/bytes=(\d+)-/.exec(range)?.[1]) : 0;
    response.writeHead(from ? 206 : 200, {
      "content-length": body.length - from,
      ...(from ? { "content-range": `bytes ${from}-${body.length - 1}/${body.length}` } : {}),
    });
    if (behaviour !== "cut") return void response.end(body.subarray(from));
    response.write(body.subarray(from, from + 50_000), () => setTimeout(() => response.destroy(), 20));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}/data/`;
});
afterAll(() => server.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "espalier-get-"));
  [behaviour, ranges, files] = ["ranges", [], { "/data/a.gz": content }];
  return () => rm(folder, { recursive: true });
});

const wanted: Download = { file: "a.gz", urls: [], bytes: content.length, sha256: sha(content) };
const refusal = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "nothing was refused",
    (error) => error.message.replaceAll(/:\d{4,5}\//g, ":PORT/").replaceAll(folder, "FOLDER"),
  );

test("downloads, checks, moves into place; the second time nothing is asked for", async () => {
  const seen: number[] = [];
  expect(await fetchInto(folder, wanted, { mirror, onProgress: ({ received }) => seen.push(received) })).toBe(true);
  expect(new Uint8Array(await readFile(join(folder, "a.gz")))).toEqual(content);
  expect(seen.at(-1)).toBe(content.length);
  expect(await fetchInto(folder, wanted, { mirror })).toBe(false);
  expect(ranges).toEqual([undefined]);
});

test("an interrupted download goes on where it stopped", async () => {
  behaviour = "cut";
  expect(await refusal(fetchInto(folder, wanted, { mirror }))).toMatch("cannot download a.gz");
  expect(await readdir(folder)).toEqual(["a.gz.part"]);
  behaviour = "ranges";
  await fetchInto(folder, wanted, { mirror });
  expect(ranges).toEqual([undefined, "bytes=50000-"]);
  expect(new Uint8Array(await readFile(join(folder, "a.gz")))).toEqual(content);
});

test("a server without ranges is read from the start", async () => {
  await writeFile(join(folder, "a.gz.part"), content.subarray(0, 700));
  behaviour = "whole";
  await fetchInto(folder, wanted, { mirror });
  expect(sha(await readFile(join(folder, "a.gz")))).toBe(wanted.sha256);
});

test("wrong bytes never get the file's name", async () => {
  for (behaviour of ["wrong", "long", "missing"] as const) {
    expect(await refusal(fetchInto(folder, wanted, { mirror }))).toMatch("cannot download a.gz");
    expect(await readdir(folder)).toEqual([]);
  }
  behaviour = "wrong";
  expect(await refusal(fetchInto(folder, wanted, { mirror }))).toMatchInlineSnapshot(`
    "cannot download a.gz
      got     http://127.0.0.1:PORT/data/a.gz: SHA-256 is 6015fcd09f3f14b7da9d89cb95f1e4ee007948bc7cf9a59be8163c3460e4f954, not c1b4728ab796196a14890aa3e3b4f340dd1725a89f2ea948069de636a9f97c93
      wanted  200000 bytes with SHA-256 c1b4728ab796196a14890aa3e3b4f340dd1725a89f2ea948069de636a9f97c93
      fix     check the network and try again (it goes on where it stopped), or put the file into FOLDER yourself"
  `);
});

test("without a network the error says what to do", async () => {
  const message = await refusal(fetchInto(folder, { ...wanted, urls: ["http://espalier.invalid/a.gz"] }));
  expect(message).toMatch(/^cannot download a.gz\n {2}got +http:\/\/espalier.invalid\/a.gz: fetch failed \(/);
  expect(message).toMatch("put the file into FOLDER yourself");
  await expect(readdir(folder)).resolves.toEqual([]);
});

test("an aborted download keeps what came", async () => {
  const control = new AbortController();
  const onProgress = (): void => control.abort(new Error("enough"));
  expect(await refusal(fetchInto(folder, wanted, { mirror, signal: control.signal, onProgress }))).toBe("enough");
  expect(await readdir(folder)).toEqual(["a.gz.part"]);
});

test("an archive is unpacked and not kept", async () => {
  const tar = new Uint8Array(512 + 1024 + 1024);
  tar.set(new TextEncoder().encode("cifar/train.bin"), 0);
  tar.set(new TextEncoder().encode("00000001750"), 124); // 1000 in octal
  tar[156] = 0x30;
  tar.set(content.subarray(0, 1000), 512);
  const archive = gzipSync(tar);
  files = { "/data/c.tar.gz": archive };
  const contains = { "train.bin": sha(content.subarray(0, 1000)) };
  const packed: Download = { file: "c.tar.gz", urls: [], bytes: archive.length, sha256: sha(archive), contains };
  expect(await fetchInto(folder, packed, { mirror })).toBe(true);
  expect(await readdir(folder)).toEqual(["train.bin"]);
  expect(await fetchInto(folder, packed, { mirror })).toBe(false);
});
