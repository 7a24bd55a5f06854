/** Data of a process that makes many runs. */
import type { Dataset } from "espalier";
import { datasets } from "espalier/node";
import { dataFields } from "./data-fields.ts";
import { isFromFile } from "./model-source.ts";
import { openData } from "./open.ts";

type Asked = Parameters<typeof openData>[0];

/** All that data follows from. */
const keys = [
  ...(Object.keys(dataFields) as (keyof typeof dataFields)[]),
  ...(["model", "loss", "newHead", "limitTrain", "valSplit", "seed"] as const),
] satisfies readonly (keyof Asked)[];

/**
 * `openData` that keeps what it opened last: a data set by name, for a built-in model, is the same each time. Files are opened anew: they
 * may have changed since.
 * @param open what opens data. Default: `openData`
 */
export function keptData(open: (asked: Asked) => Promise<Dataset> = openData): (asked: Asked) => Promise<Dataset> {
  let last: { readonly key: string; readonly data: Dataset } | undefined;
  return async (asked) => {
    const named = (await datasets.list()).some(({ name }) => name === asked.data);
    if (!named || (asked.model !== undefined && isFromFile(asked.model))) return open(asked);
    const key = JSON.stringify(keys.map((name) => asked[name]));
    if (last?.key !== key) last = { key, data: await open(asked) };
    return last.data;
  };
}
