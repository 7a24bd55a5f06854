/** NumPy's .npz files as data sets: a zip of .npy files whose names say what they are. */
import { type UnzipFileInfo, unzipSync } from "fflate";
import type { Dataset } from "../data/dataset.ts";
import { type ColumnInput, type Columns, type FromColumnsOptions, fromColumns } from "../data/from-columns.ts";
import { EspalierError } from "../error.ts";
import { readNpy } from "./npy.ts";
import { boundedSize, readWhole } from "./unpack.ts";

/** What labels are called where their names do not begin with "labels/". */
const LABELS = ["y", "label", "labels", "target", "targets"];
const PARTS = ["train", "test", "val"] as const;
type Part = (typeof PARTS)[number];

/** `inputs/input_ids_test` is the column input_ids of the test samples. */
function meaning(name: string): { part: Part; is: keyof Columns; column: string } {
  const [, folder, rest] = /^(?:(inputs|labels)\/)?(.*)$/s.exec(name)!;
  const [, stem, part = "train"] = /^(.*?)(?:_(train|test|val))?$/s.exec(rest)!;
  const is = (folder ?? (LABELS.includes(stem) ? "labels" : "inputs")) as keyof Columns;
  return { part: part as Part, is, column: stem };
}

/**
 * A data set of an .npz file. Arrays are inputs by their names; y, label(s) and target(s) are labels; `inputs/NAME` and `labels/NAME`
 * say it of any name, as a model with several outputs wants. NAME_train, NAME_test and NAME_val hold samples of their own;
 * where none are for testing a fifth of the samples is drawn.
 * @throws EspalierError for what is no zip or is cut short, an array of another kind than numbers, columns that differ in length; sums of
 *   the zip are not checked
 */
export async function openNpz(path: string): Promise<Dataset> {
  const bytes = await readWhole(path, (_, size) => size);
  const parts: Partial<Record<Part, { inputs: Record<string, ColumnInput>; labels: Record<string, ColumnInput> }>> = {};
  for (const [file, content] of Object.entries(unzipped(bytes, path))) {
    const { part, is, column } = meaning(file.replace(/\.npy$/, ""));
    const { data, shape } = readNpy(content, `${path}: ${file}`);
    if (shape.length === 0)
      throw new EspalierError("invalid-file", "a column has no samples", {
        file: `${path}: ${file}`,
        got: "one number",
      });
    parts[part] ??= { inputs: Object.create(null), labels: Object.create(null) };
    if (column in parts[part].inputs || column in parts[part].labels)
      throw new EspalierError("conflict", "two arrays are for one column", { file: path, got: file, column });
    parts[part][is][column] = { data, shape: shape.slice(1) };
  }
  const { train, test, val } = parts;
  if (!train)
    throw new EspalierError(
      "missing",
      "the file has no training samples",
      { file: path, got: Object.keys(parts).join(", ") || "no arrays" },
      "save with numpy.savez(path, x=…, y=…), or with the names of the model's inputs",
    );
  const options: FromColumnsOptions = { name: path, ...(test && { test }), ...(val && { val }) };
  return fromColumns(train, options);
}

function unzipped(bytes: Uint8Array, path: string): Record<string, Uint8Array> {
  let all = 0;
  const seen = new Set<string>();
  const filter = ({ name, originalSize }: UnzipFileInfo): boolean => {
    if (!name.endsWith(".npy")) return false;
    if (seen.has(name)) throw new EspalierError("invalid-file", "two arrays have one name", { file: path, got: name });
    seen.add(name);
    all += originalSize;
    boundedSize(all, bytes.length, path);
    return true;
  };
  try {
    return unzipSync(bytes, { filter });
  } catch (error) {
    if (error instanceof EspalierError) throw error;
    throw new EspalierError("invalid-file", "the file is no zip, damaged or cut short", {
      file: path,
      got: (error as Error).message,
      wanted: "an .npz file as numpy.savez writes it",
    });
  }
}
