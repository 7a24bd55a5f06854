/** Samples for a model whose vocabulary was cut: those that the tokens that are left can say, under their new ids. */
import type { EngineTensor } from "../engine/engine.ts";
import { aList, aModel, anObject, wants } from "../given.ts";
import { declaredBatch } from "../graph/bind.ts";
import { numbers, size } from "../graph/tensor.ts";
import type { Data, Model } from "../graph/types.ts";
import type { Inputs } from "./verify.ts";
import type { KeptVocabulary } from "./vocabulary.ts";

/** Samples under new ids. */
export interface KeptInputs {
  readonly inputs: readonly Inputs[];
  /** How many of how many samples are left: the others have tokens that are gone. */
  readonly samples: number;
  readonly of: number;
}

/**
 * Inputs of the whole model as those of the one for fewer tokens.
 * @param inputs runs, each of some samples
 */
export function keptInputs(inputs: readonly Inputs[], kept: KeptVocabulary): KeptInputs {
  wants(
    "keptInputs",
    ["inputs", aList, inputs],
    ["kept", anObject, kept],
    ["ids", aList, kept, "ids"],
    ["inputs", aList, kept, "inputs"],
    ["model", aModel, kept, "model"],
  );
  const { model, ids, inputs: names } = kept;
  const now = new Map(ids.map((old, id) => [old, id]));
  const found = inputs.map((run) => {
    const all = Object.entries(run);
    const count = all[0]?.[1].shape[0] ?? 0;
    const whole = Array.from({ length: count }, (_, i) => i).filter((i) =>
      all.every(([name, t]) => !names.includes(name) || rowOf(t, i).every((id) => now.has(id))),
    );
    const rows = whole.length === count || mayDrop(model) ? whole : [];
    const put = ([name, t]: [string, EngineTensor]): [string, EngineTensor] => [
      name,
      picked(t, rows, names.includes(name) ? now : undefined),
    ];
    return { count, rows: rows.length, run: Object.fromEntries(all.map(put)) };
  });
  const sum = (of: (f: (typeof found)[number]) => number) => found.reduce((n, f) => n + of(f), 0);
  return {
    inputs: found.filter((f) => f.rows > 0).map((f) => f.run),
    samples: sum((f) => f.rows),
    of: sum((f) => f.count),
  };
}

const mayDrop = (model: Model): boolean => declaredBatch(model) !== undefined;

function rowOf(t: EngineTensor, i: number): number[] {
  const width = size(t.shape.slice(1));
  return Array.from(numbers({ ...t, data: t.data.slice(i * width, (i + 1) * width) }));
}

function picked(t: EngineTensor, rows: readonly number[], now: ReadonlyMap<number, number> | undefined): EngineTensor {
  const width = size(t.shape.slice(1));
  const data = new (t.data.constructor as new (n: number) => Data)(rows.length * width);
  rows.forEach((row, at) => {
    for (let i = 0; i < width; i++) {
      const value = t.data[row * width + i];
      const to = now ? now.get(Number(value))! : value;
      data[at * width + i] = (now && typeof value === "bigint" ? BigInt(to) : to) as never;
    }
  });
  return { ...t, shape: [rows.length, ...t.shape.slice(1)], data };
}
