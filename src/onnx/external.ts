/** Tensor data in files beside the model. The caller reads the files; what may be asked for is decided here. */
import { EspalierError } from "../error.ts";
import type { WireMessage } from "./schema.ts";

/** Gives the bytes of a file by the location that the model states, always relative and inside its folder. */
export type External = (location: string) => Uint8Array;

/** Refuses locations that leave the model's folder: absolute paths, drive letters, `..` segments. */
function checkLocation(location: string, field: string): void {
  const segments = location.split(/[/\\]/);
  const leaves =
    segments.includes("..") || segments[0] === "" || /^[A-Za-z]:/.test(location) || location.includes("\0");
  if (leaves)
    throw new EspalierError(
      "invalid-file",
      "an external data path leaves the model's folder",
      { field, got: JSON.stringify(location), wanted: "a relative path without .." },
      "store the data beside the model",
    );
}

function count(text: string | undefined, otherwise: number, field: string): number {
  if (text === undefined) return otherwise;
  const n = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(n))
    throw new EspalierError("invalid-file", "not a byte count", {
      field,
      got: JSON.stringify(text),
      wanted: "a non-negative integer",
    });
  return n;
}

/** The bytes that an `external_data` list points at. */
export function externalBytes(
  entries: readonly WireMessage<"StringStringEntryProto">[],
  external: External | undefined,
  path: string,
): Uint8Array {
  const field = `${path}.external_data`;
  const of = new Map(entries.map((e) => [e.key ?? "", e.value ?? ""]));
  const location = of.get("location") ?? "";
  checkLocation(location, `${field}.location`);
  if (!external)
    throw new EspalierError(
      "missing",
      "the model keeps tensor data in another file",
      { field, location },
      "pass read(bytes, { external: (location) => bytes of that file })",
    );
  const file = external(location);
  const offset = count(of.get("offset"), 0, `${field}.offset`);
  const length = count(of.get("length"), Math.max(0, file.length - offset), `${field}.length`);
  if (offset + length > file.length)
    throw new EspalierError(
      "invalid-file",
      "external data ends before the tensor does",
      { field, location, got: `${file.length} bytes`, wanted: `bytes ${offset} to ${offset + length}` },
      "check that the data file belongs to the model and is complete",
    );
  return file.subarray(offset, offset + length);
}
