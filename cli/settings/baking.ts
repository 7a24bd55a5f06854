/** --bake-normalization of commands that cut a model: it is cut as one that normalizes by itself. */
import { bakeNormalization, type Model, UsageError } from "espalier";
import { normalizationBeside } from "espalier/node";
import { type DataSettings, normalizationSetting } from "./data-fields.ts";
import { toggle } from "./field.ts";

export const bakingFields = {
  bakeNormalization: toggle("put the normalization into the small model, whose input then takes pixels 0 … 255"),
} as const;

interface Asked extends Pick<DataSettings, "normalize"> {
  readonly bakeNormalization?: boolean;
  readonly certificate?: string;
}

/**
 * The model that is cut, and how samples are normalized for it.
 * @param path of the model
 * @throws UsageError where nothing says how its images are normalized, or what was said leaves nothing to put into it
 */
export async function asCut(
  model: Model,
  path: string,
  { bakeNormalization: bakes, normalize }: Asked,
): Promise<{ readonly model: Model; readonly normalization: ReturnType<typeof normalizationSetting> }> {
  const said = normalizationSetting(normalize);
  if (!bakes) return { model, normalization: said };
  if (said === null)
    throw new UsageError(
      "conflict",
      "there is nothing to put into the model",
      { got: "--bake-normalization with --normalize none" },
      "leave one of them out",
    );
  return { model: bakeNormalization(model, said ?? (await normalizationBeside(path, model))), normalization: null };
}

/** @throws UsageError for a certificate: it would be of a model that is no file */
export function checkBaking({ bakeNormalization: bakes, certificate }: Asked): void {
  if (!bakes || certificate === undefined) return;
  throw new UsageError(
    "conflict",
    "a certificate is of the model as it was given, which takes other inputs",
    { got: "--certificate with --bake-normalization" },
    "shrink with the one, then with the other",
  );
}
