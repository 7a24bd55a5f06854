/** Which columns of a table are inputs, and which are labels. */
import { EspalierError, UsageError } from "../../error.ts";
import { option, say } from "../../message.ts";
import type { Encoding } from "../encoding.ts";
import { isLabelName } from "../labels.ts";
import { fewNames, type TableColumn, type TableRows } from "./rows.ts";
import type { TableBuilderOptions } from "./table-builder.ts";

export interface Roles {
  readonly inputs: readonly string[];
  readonly labels: readonly string[];
}

/**
 * @throws UsageError when it is not said which column holds the labels, and no name says it; EspalierError when a column is not there that
 *   the model was trained with
 */
export function rolesOf(
  table: TableRows,
  { inputColumns, labelColumns, encoding }: TableBuilderOptions & { readonly encoding?: Encoding | null },
): Roles {
  const names = table.columns.map(({ name }) => name);
  const labels = labelColumns ?? encoding?.labels ?? guessedLabels(table, names);
  const inputs =
    inputColumns ?? encoding?.columns?.map(({ name }) => name) ?? names.filter((name) => !labels.includes(name));
  const both = inputs.find((name) => labels.includes(name));
  if (both !== undefined)
    throw new UsageError("conflict", "a column is both input and label", { ...file(table), got: both });
  const absent = [...inputs, ...labels].find((name) => !names.includes(name));
  if (absent !== undefined)
    throw new EspalierError("missing", "a column is not there that the model was trained with", {
      ...file(table),
      column: absent,
      got: fewNames(names),
    });
  if (inputs.length === 0)
    throw new UsageError("missing", "a table wants at least one column of inputs", {
      ...file(table),
      got: fewNames(names),
    });
  return { inputs, labels };
}

const file = (table: TableRows) => ({ file: table.place(0)["file"] });

function guessedLabels(table: TableRows, names: readonly string[]): readonly string[] {
  const told = Object.keys(table.classNames ?? {}).filter((name) => names.includes(name));
  const found = told.length > 0 ? told : names.filter((name) => isLabelName(name));
  if (found.length === 1) return found;
  throw new UsageError(
    "missing",
    found.length === 0 ? "it is not said which column holds the labels" : "several columns could hold the labels",
    { ...file(table), got: fewNames(found.length === 0 ? names : found) },
    say`name it by ${option("labelColumns")}, for example ${option("labelColumns")} ${found[0] ?? names.at(-1)!}`,
  );
}

/** A column by its name, which is there. */
export const columnOf = (table: TableRows, name: string): TableColumn => table.columns.find((c) => c.name === name)!;
