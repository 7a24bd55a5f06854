/** Names of classes that Hugging Face keeps with a data set: in its files, in dataset_info.json, or at the head of README.md. */
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { sizeOfFile } from "../files.ts";
import { readBytes } from "../model-files.ts";

type ClassNames = Readonly<Record<string, readonly string[]>>;

/** A field of what may be no object. */
export const field = (of: unknown, key: string): unknown =>
  typeof of === "object" && of !== null && Object.hasOwn(of, key)
    ? (of as Readonly<Record<string, unknown>>)[key]
    : undefined;

const understood = (text: string | undefined, read: (text: string) => unknown): unknown => {
  try {
    return text === undefined ? undefined : read(text);
  } catch {
    return undefined; // a remark that nobody can read says nothing of the classes
  }
};

/** What a text says in JSON; undefined where it is none. */
export const jsonOf = (text: string | undefined): unknown => understood(text, JSON.parse);

/** Names of classes by column: { label: { names: ["cat", "dog"], _type: "ClassLabel" } }, also of the items of lists. */
export function namesInFeatures(features: unknown): ClassNames | undefined {
  if (typeof features !== "object" || features === null) return undefined;
  return named(
    Object.entries(features).map(([column, of]) => [
      column,
      field(field(of, "feature"), "names") ?? field(of, "names"),
    ]),
  );
}

/** The same from the head of a README.md: features: [{ name: label, dtype: { class_label: { names: { "0": cat } } } }]. */
function namesInHead(info: unknown): ClassNames | undefined {
  const features = field(info, "features");
  if (!Array.isArray(features)) return undefined;
  return named(
    features.map((feature) => {
      const kinds = ["dtype", "sequence", "list"].map((key) => field(feature, key));
      const label = kinds.flatMap((kind) => [kind, field(kind, "dtype")]).find((kind) => field(kind, "class_label"));
      return [field(feature, "name"), inOrder(field(field(label, "class_label"), "names"))];
    }),
  );
}

/** { "0": "cat", "1": "dog" } as a list; undefined where a number is missing. */
function inOrder(names: unknown): unknown {
  if (typeof names !== "object" || names === null || Array.isArray(names)) return names;
  const list = Object.keys(names).map((_, i) => field(names, String(i)));
  return list.includes(undefined) ? undefined : list.map(String); // YAML takes some words for other things: no, 1.0
}

function named(columns: readonly (readonly [unknown, unknown])[]): ClassNames | undefined {
  const found = columns.flatMap(([column, names]) =>
    typeof column === "string" && Array.isArray(names) && names.length > 0 && names.every((n) => typeof n === "string")
      ? [[column, names as readonly string[]] as const]
      : [],
  );
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}

const FILES: Readonly<Record<string, (text: string, path: string) => ClassNames | undefined>> = {
  "dataset_info.json": (text) => namesInFeatures(field(jsonOf(text), "features")),
  "README.md": (text, path) => namesInReadme(text, path),
};

/** Where several configurations are described, that of the folder which a file lies in. */
function namesInReadme(text: string, path: string): ClassNames | undefined {
  const head = /^---\r?\n(.*?)\r?\n---/s.exec(text)?.[1];
  const info = field(understood(head, parse), "dataset_info");
  const all: readonly unknown[] = Array.isArray(info) ? info : [info];
  const folders = dirname(path).split(/[/\\]/);
  const own =
    all.find((of) => folders.includes(String(field(of, "config_name")))) ?? (all.length === 1 ? all[0] : undefined);
  return namesInHead(own);
}

/** Names of classes by the files that lie beside one, or in the two folders above. */
export async function namesBeside(path: string): Promise<ClassNames | undefined> {
  const above = [dirname(path), dirname(dirname(path)), dirname(dirname(dirname(path)))];
  for (const folder of above)
    for (const [name, read] of Object.entries(FILES)) {
      const file = join(folder, name);
      if ((await sizeOfFile(file)) === null) continue;
      const found = read(new TextDecoder().decode(await readBytes(file)), path);
      if (found) return found;
    }
  return undefined;
}
