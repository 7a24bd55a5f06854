/** Where a command writes to. */
import { stat } from "node:fs/promises";
import { EspalierError } from "espalier";

/** @throws EspalierError when a file cannot stand there: what takes work is not begun in vain */
export async function checkTarget(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory())
    throw new EspalierError(
      "system",
      "cannot write the file",
      { file: path, reason: "it is a folder" },
      "name a file in it",
    );
}
