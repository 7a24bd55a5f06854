/** Downloads a data set's files: resumable, checked against pinned SHA-256 sums, moved into place only when right. */

import type { Download } from "../data/registry.ts";
import { untar } from "../data/tar.ts";
import { EspalierError } from "../error.ts";
import { joinPath, remove, sha256 } from "./files.ts";
import { PartialFile } from "./partial-file.ts";
import { refused } from "./system-error.ts";
import { readWhole } from "./unpack.ts";
import { writeWhole } from "./whole-files.ts";

/** A server that sends nothing for so long is given up. */
const PATIENCE_MS = 30_000;

export interface DownloadOptions {
  readonly signal?: AbortSignal;
  /** Called as bytes arrive. */
  readonly onProgress?: (progress: {
    readonly file: string;
    readonly received: number;
    readonly total: number;
  }) => void;
  /** Address of a folder to download from instead of the publisher's, for example a mirror in your own network. */
  readonly mirror?: string;
}

/**
 * Makes sure that one download is in the folder; an archive is unpacked and not kept.
 * @returns false if everything was there already
 */
export async function fetchInto(folder: string, wanted: Download, options: DownloadOptions = {}): Promise<boolean> {
  const { contains } = wanted;
  const results = contains ?? { [wanted.file]: wanted.sha256 };
  if (await isThere(folder, results)) return false;
  const path = joinPath(folder, wanted.file);
  if (contains === undefined || (await sha256(path)) !== wanted.sha256) await download(path, wanted, options);
  if (contains) {
    const bytes = await readWhole(path, (_, trailer) => trailer);
    for (const [name, content] of untar(bytes, Object.keys(contains), path)) {
      const file = joinPath(folder, name);
      await writeWhole(file, content).catch((error) => {
        throw refused("write the file", { file }, error, "write");
      });
    }
    await remove(path);
  }
  return true;
}

async function isThere(folder: string, files: Readonly<Record<string, string>>): Promise<boolean> {
  for (const [name, sum] of Object.entries(files)) if ((await sha256(joinPath(folder, name))) !== sum) return false;
  return true;
}

async function download(path: string, wanted: Download, options: DownloadOptions): Promise<void> {
  const urls = options.mirror ? [`${options.mirror.replace(/\/$/, "")}/${wanted.file}`] : wanted.urls;
  const part = new PartialFile(path);
  const failures: string[] = [];
  if ((await part.size()) >= wanted.bytes && (await sha256(part.temporary)) !== wanted.sha256) await part.discard();
  for (const url of urls) {
    try {
      await receive(url, part, wanted, options);
      await part.close();
      const sum = await sha256(part.temporary);
      if (sum === wanted.sha256) return await part.finish();
      await part.discard();
      failures.push(`${url}: SHA-256 is ${sum}, not ${wanted.sha256}`);
    } catch (error) {
      await part.close();
      options.signal?.throwIfAborted();
      if (error instanceof EspalierError) throw error;
      failures.push(`${url}: ${reason(error)}`);
    }
  }
  throw new EspalierError(
    "system",
    `cannot download ${wanted.file}`,
    { got: failures.join("; "), wanted: `${wanted.bytes} bytes with SHA-256 ${wanted.sha256}` },
    `check the network and try again (it goes on where it stopped), or put the file into ${joinPath(path, "..")} yourself`,
  );
}

async function receive(url: string, part: PartialFile, wanted: Download, options: DownloadOptions): Promise<void> {
  const { signal, onProgress } = options;
  signal?.throwIfAborted();
  let received = await part.size();
  if (received === wanted.bytes) return;
  const stalled = new AbortController();
  let timer = setTimeout(() => {}, 0);
  const wait = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => stalled.abort(new Error(`nothing came for ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
  };
  try {
    wait();
    const response = await fetch(url, {
      headers: received > 0 ? { range: `bytes=${received}-` } : {},
      signal: signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal,
    });
    if (!response.ok || !response.body) throw new Error(`HTTP status ${response.status}`);
    const resumed = response.status === 206 && response.headers.get("content-range")?.startsWith(`bytes ${received}-`);
    if (!resumed) {
      await part.discard();
      received = 0;
    }
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      wait();
      received += chunk.length;
      if (received > wanted.bytes) {
        await part.discard();
        throw new Error(`sends more than ${wanted.bytes} bytes`);
      }
      await part.append(chunk);
      onProgress?.({ file: wanted.file, received, total: wanted.bytes });
    }
    if (received < wanted.bytes) throw new Error(`ended after ${received} bytes`);
  } finally {
    clearTimeout(timer);
  }
}

/** fetch hides why it failed in `cause`. */
const reason = (error: unknown): string => {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message || (cause as NodeJS.ErrnoException).code})` : message;
};
