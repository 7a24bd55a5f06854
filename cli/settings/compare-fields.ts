/** Everything that `compare` can be told: what `train` can, for all runs, and the methods and seeds. */
import { z } from "zod";
import { type Field, numberListField, text, type ValuesOf } from "./field.ts";
import { placeKeys, problemKeys, type TrainKey, trainFields } from "./train-fields.ts";

const { seed, out, resume, overwrite, mpi, syncBatchNorm, ...shared } = trainFields;
const distinct = (list: readonly number[]): boolean => new Set(list).size === list.length;

/** Settings of each method by its name. What they hold is checked against train's fields, with the shared settings. */
const methods: Field<Record<string, Record<string, unknown> | null>> = {
  schema: z
    .record(z.string().regex(/^[^\p{Cc}]+$/u), z.record(z.string(), z.unknown()).nullable())
    .refine((m) => Object.keys(m).length > 0),
  wanted: "names with their settings, for example  methods: { dense: { optimizer: sgd }, RMDA: { optimizer: rmda } }",
  help: "what is compared",
  value: "names",
  read: (t) => t,
};

export const compareFields = {
  config: text("methods, seeds and shared settings", "compare.yaml"),
  ...shared,
  seeds: {
    ...numberListField("seeds that every method runs with (default 1)", "different integers, at least one", z.int()),
    schema: z.array(seed.schema).min(1).refine(distinct),
  },
  methods,
  out: text("directory of the comparison (default: a new one under runs/)", "folder"),
  resume: { ...resume, help: "go on with the comparison in --out: skip finished runs, retry failed ones" },
  overwrite: { ...overwrite, help: "start afresh although --out holds a comparison" },
} as const;

export type CompareConfig = ValuesOf<typeof compareFields>;

/** What decides the problem or how it runs, and is therefore the same for all methods. */
export const notPerMethod: readonly TrainKey[] = [...problemKeys, ...placeKeys];
