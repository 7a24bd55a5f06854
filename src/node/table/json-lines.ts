/** Tables as JSON Lines: an object in each line. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { shownCell } from "../../data/table/cells.ts";
import type { TableBuilder } from "../../data/table/table-builder.ts";
import { EspalierError } from "../../error.ts";
import { sizeOfFile } from "../files.ts";
import { codeOf, refused } from "../system-error.ts";
import { checkedText } from "./utf8.ts";

/** Characters that a line may have. */
const LONGEST = 16 * 2 ** 20;

/**
 * Reads a file into a table, as a stream. The keys of the first line are the columns; one that a line lacks is missing there.
 * @throws EspalierError naming file and line of what is no object, and of a key that the first line has not
 */
export async function readJsonLines(path: string, table: TableBuilder): Promise<void> {
  if ((await sizeOfFile(path)) === null) throw new EspalierError("system", "there is no such file", { file: path });
  const source = createReadStream(path);
  const unpacked = /\.gz$/i.test(path) ? source.pipe(createGunzip()) : source;
  const input = unpacked.pipe(checkedText(path));
  const failed = new Promise<never>((_, reject) => {
    for (const stream of [source, unpacked, input]) stream.on("error", reject);
  });
  try {
    await Promise.race([lines(createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }), path, table), failed]);
  } catch (error) {
    if (error instanceof EspalierError) throw error;
    if (codeOf(error).startsWith("Z_"))
      throw new EspalierError(
        "invalid-file",
        "the gzip file is damaged or cut short",
        { file: path, reason: (error as Error).message },
        "get the file again",
      );
    throw refused("read the file", { file: path }, error, "read");
  } finally {
    for (const stream of [source, unpacked, input]) stream.destroy();
  }
}

async function lines(source: AsyncIterable<string>, path: string, table: TableBuilder): Promise<void> {
  let names: readonly string[] | undefined;
  let line = 0;
  for await (const text of source) {
    line++;
    if (text.length > LONGEST)
      throw new EspalierError("too-large", "a line is too long", {
        file: path,
        line,
        got: `${text.length} characters`,
        wanted: `at most ${LONGEST}`,
      });
    const trimmed = line === 1 ? text.replace(/^\uFEFF/, "").trim() : text.trim();
    if (trimmed === "") continue;
    const row = objectIn(trimmed, path, line);
    if (!names) {
      names = Object.keys(row);
      table.file(path, names);
    }
    const extra = Object.keys(row).find((key) => !names!.includes(key));
    if (extra !== undefined)
      throw new EspalierError(
        "mismatch",
        "a line has a key that the first one has not",
        { file: path, line, got: extra, wanted: names.join(", ") },
        "give every line the same keys; null is missing",
      );
    table.add(
      names.map((name) => (Object.hasOwn(row, name) ? row[name] : null)),
      line,
    );
  }
  if (!names) throw new EspalierError("missing", "the table has no rows", { file: path, got: "an empty file" });
}

function objectIn(text: string, path: string, line: number): Readonly<Record<string, unknown>> {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (e) {
    throw new EspalierError(
      "invalid-file",
      "a line is not JSON",
      { file: path, line, reason: (e as Error).message },
      "write one object a line",
    );
  }
  if (typeof found !== "object" || found === null || Array.isArray(found))
    throw new EspalierError("invalid-file", "a line is no object", {
      file: path,
      line,
      got: shownCell(found),
      wanted: '{"column": value, …}',
    });
  return found as Readonly<Record<string, unknown>>;
}
