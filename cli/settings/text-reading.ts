/** How columns of texts are read, from what is said and what lies beside the model. */
import { fixedPlaces, type Model, UsageError } from "espalier";
import { isModelFolder, type OpenOptions, readModelFolder, readTokenizer } from "espalier/node";
import type { textFields } from "./data-fields.ts";
import type { ValuesOf } from "./field.ts";

/** The settings of it, and the file or folder of the model. */
export type TextSettings = ValuesOf<typeof textFields> & { readonly model?: string };

/**
 * @param model that the texts are for
 * @returns undefined where there is no tokenizer
 * @throws UsageError where something is said of texts, but there is no tokenizer
 */
export async function textReading(said: TextSettings, model: Model | undefined): Promise<OpenOptions["text"]> {
  const { textColumns, maxLength } = said;
  const path = said.tokenizer ?? (await besideModel(said.model));
  if (path === undefined) {
    if (textColumns === undefined && maxLength === undefined) return undefined;
    throw new UsageError(
      "missing",
      "texts want a tokenizer",
      { wanted: "--tokenizer" },
      "name tokenizer.json or its folder, or give the model as a folder that has one",
    );
  }
  const length = model && fixedPlaces(model);
  return {
    tokenizer: await readTokenizer(path),
    ...(textColumns && { columns: textColumns }),
    ...(maxLength !== undefined && { maxLength }),
    ...(length !== undefined && { length }),
  };
}

const besideModel = async (model: string | undefined): Promise<string | undefined> =>
  model !== undefined && (await isModelFolder(model)) && (await readModelFolder(model)).tokenizer ? model : undefined;

/** @throws UsageError where something is said of texts and the data has none */
export function checkTextsRead({ textColumns, maxLength }: TextSettings, hasTexts: boolean): void {
  if (hasTexts || (textColumns === undefined && maxLength === undefined)) return;
  throw new UsageError("conflict", "the data has no columns of texts", {
    got: textColumns ? `--text-columns ${textColumns}` : `--max-length ${maxLength}`,
  });
}
