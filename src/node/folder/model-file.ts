/** Which file of a model's folder is the model. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { EspalierError } from "../../error.ts";
import { listFolder } from "../files.ts";

/** Where the model is, in order. */
const USUAL = ["onnx/model.onnx", "model.onnx"];

/** Whether a path is a folder. */
export const isModelFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false, // what is not there, reading says
  );

/** The model's file of a path, which is itself or a folder. @throws EspalierError naming the folder that has no model or several */
export const modelFileOf = async (path: string): Promise<string> =>
  (await isModelFolder(path)) ? join(path, (await filesIn(path)).file) : path;

/** What lies in the folder, and which of its .onnx files is the model. */
export async function filesIn(path: string) {
  const names = await listFolder(path);
  if (names === null) throw new EspalierError("missing", "there is no such folder", { folder: path }, "check the path");
  const inside = names.includes("onnx") ? ((await listFolder(join(path, "onnx"))) ?? []) : [];
  const all = [...inside.map((name) => `onnx/${name}`), ...names].filter((name) => name.endsWith(".onnx"));
  const file = USUAL.find((name) => all.includes(name)) ?? (all.length === 1 ? all[0] : undefined);
  if (file === undefined)
    throw new EspalierError(
      "missing",
      all.length === 0
        ? "the folder has no ONNX model"
        : "the folder has several models, and none is called model.onnx",
      {
        folder: path,
        got: (all.length === 0 ? names : all).slice(0, 8).join(", ") || "nothing",
        wanted: USUAL.join(" or "),
      },
      all.length === 0 ? "export it: optimum-cli export onnx, or torch.onnx.export" : "name the file itself",
    );
  return { names, file, others: all.filter((name) => name !== file) };
}
