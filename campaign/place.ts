/** Where something was thrown, by which faults are told apart. */
import { existsSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder: the campaign runs from its compiled copy. */
export function projectFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
}
const root = projectFolder();

/** "src/onnx/read.ts:31" of a line of a stack that lies in the project; undefined for others. */
function ownPlace(line: string): string | undefined {
  const file = /(?:file:\/\/)?(\/[^\s()]+?:\d+):\d+\)?$/.exec(line)?.[1];
  const path = file && relative(root, file).split(sep).join("/");
  return path && !/^\.\.|node_modules/.test(path) ? path : undefined;
}

/** The first place of a stack in Espalier's own sources, or else in the campaign's. */
export function placeOf(stack: string | undefined): string {
  const places = (stack ?? "").split("\n").flatMap((line) => ownPlace(line) ?? []);
  return places.find((p) => !p.includes("campaign/")) ?? places[0] ?? "outside Espalier";
}
