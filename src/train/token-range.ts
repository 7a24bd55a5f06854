/** Whether the ids that a data set has are rows of the tables that a model looks up. */
import type { Dataset } from "../data/dataset.ts";
import type { Numbers } from "../data/split.ts";
import { EspalierError } from "../error.ts";
import { size } from "../graph/tensor.ts";
import type { Graph, Value } from "../graph/types.ts";
import { idsFrom, lookupsIn } from "../shrink/token-ids.ts";

/** What an input is fed: the array of a part of the data, and the shape of one sample. */
interface Fed {
  readonly input: Value;
  readonly sample: readonly number[];
  of(split: Dataset["train"]): Numbers;
}

/** @throws EspalierError naming the sample, by the row of its file where that is known, with an id that a table has no row for */
export function checkTokens(graph: Graph, { name, train, test, val }: Dataset, fed: readonly Fed[]): void {
  const lookups = lookupsIn(graph);
  if (lookups.length === 0) return;
  for (const { input, sample, of } of fed) {
    const found = idsFrom(graph, input, lookups).lookups;
    if (found.length === 0) continue;
    const rows = Math.min(...found.map(({ table, axis }) => table.shape[axis]));
    const width = Math.max(1, size(sample));
    for (const [part, split] of Object.entries({ train, test, val })) {
      if (!split) continue;
      const ids = of(split);
      const at = ids.findIndex((id: number) => id >= rows || id < -rows);
      if (at < 0) continue;
      throw new EspalierError(
        "mismatch",
        "a token is beyond the model's vocabulary",
        {
          data: name,
          input: input.name,
          part,
          ...(split.origin?.(Math.floor(at / width)) ?? { sample: Math.floor(at / width) }),
          got: ids[at],
          wanted: `0 … ${rows - 1}`,
        },
        "use the tokenizer that the model was trained with",
      );
    }
  }
}
