/** NumPy's .npy files beside each other as a data set: x.npy and y.npy, x_train.npy … y_test.npy. */
import { dirname, join } from "node:path";
import type { Dataset } from "../data/dataset.ts";
import { isLabelName } from "../data/labels.ts";
import { datasetOfArrays, meaningOf } from "./array-files.ts";
import { listFolder } from "./files.ts";
import { readNpy } from "./npy.ts";
import type { OpenOptions } from "./reader.ts";
import { readWhole } from "./unpack.ts";

const NPY = /\.npy$/i;
const HINT = "save arrays beside each other: x.npy and y.npy, or x_train.npy, y_train.npy, x_test.npy, y_test.npy";

const arraysOf = (paths: readonly string[]) =>
  Promise.all(
    paths.map(async (path) => ({
      name: path
        .slice(dirname(path).length)
        .replace(/^[/\\]/, "")
        .replace(NPY, ""),
      where: path,
      ...readNpy(await readWhole(path, (_, size) => size), path),
    })),
  );

/** The files that go with one: of the same column, and labels. */
async function beside(path: string, { inputColumns, labelColumns }: OpenOptions): Promise<string[]> {
  const folder = dirname(path);
  const file = path.slice(folder === "." && !path.startsWith(".") ? 0 : folder.length).replace(/^[/\\]/, "");
  const own = meaningOf(file.replace(NPY, ""), labelColumns).column;
  const names = ((await listFolder(folder)) ?? []).filter((name) => NPY.test(name));
  const goes = (name: string) => {
    const { column } = meaningOf(name.replace(NPY, ""), labelColumns);
    return column === own || isLabelName(column, labelColumns) || inputColumns?.includes(column);
  };
  const found = names.filter((name) => name === file || goes(name));
  return (found.includes(file) ? found : [file]).map((name) => join(folder, name));
}

/** A data set of an .npy file of inputs and those of labels beside it. */
export const openNpy = async (path: string, options: OpenOptions): Promise<Dataset> =>
  datasetOfArrays(await arraysOf(await beside(path, options)), path, options, HINT);

/** A data set of all .npy files in a folder. */
export const openNpyFolder = async (path: string, options: OpenOptions): Promise<Dataset> =>
  datasetOfArrays(await arraysOf(await inFolder(path)), path, options, HINT);

const inFolder = async (path: string): Promise<string[]> =>
  ((await listFolder(path)) ?? []).filter((name) => NPY.test(name)).map((name) => join(path, name));

export { beside as npyFiles, inFolder as npyFolderFiles };
