/** Everything that `sweep` can be told: what `train` can, for all trials, what varies, and how it is searched. */
import { objectiveNames, searchNames } from "espalier";
import { z } from "zod";
import { choice, type Field, integerField, portOrSwitch, text, type ValuesOf } from "./field.ts";
import { placeKeys, type TrainKey, trainFields } from "./train-fields.ts";
import { yamlValue } from "./yaml.ts";

const { out, resume, overwrite, watch, mpi, syncBatchNorm, ...shared } = trainFields;

const range = z.strictObject({
  from: z.number(),
  to: z.number(),
  log: z.boolean().optional(),
  steps: z.int().min(2).optional(),
});
const ways = z.record(z.string().regex(/^[^\p{Cc}]+$/u), z.record(z.string(), z.unknown()).nullable());

/** What a name is varied over: a list of values, a range, or names of one's own with settings each. */
const dimension = z.union([z.array(z.json()).min(1), range, ways]);

const readYaml = (name: string) => (typed: string) => yamlValue(typed, { where: `--set ${name}` });

const space: Field<Record<string, z.output<typeof dimension>>> = {
  schema: z.record(z.string().min(1), dimension).refine((s) => Object.keys(s).length > 0),
  wanted:
    "settings with a list [a, b], a range { from: 1e-4, to: 1e-2, log: true }, or names with settings { A: { … }, B: { … } }",
  help: "what varies",
  accepts: {
    type: "object",
    minProperties: 1,
    additionalProperties: {
      anyOf: [
        { type: "array", minItems: 1 },
        {
          type: "object",
          properties: {
            from: { type: "number" },
            to: { type: "number" },
            log: { type: "boolean" },
            steps: { type: "integer", minimum: 2 },
          },
          required: ["from", "to"],
          additionalProperties: false,
        },
        {
          type: "object",
          additionalProperties: { anyOf: [{ $ref: "#/$defs/settingsOfOneMethod" }, { type: "null" }] },
        },
      ],
    },
  },
  value: "names",
  read: readYaml("space"),
};

const objectives: Field<(typeof objectiveNames)[number][]> = {
  schema: z.array(z.enum(objectiveNames)).min(1),
  wanted: `some of ${objectiveNames.join(", ")}`,
  help: "what is looked for; sizes and time are those of the small model (default accuracy, without cross-entropy loss)",
  value: "a,b,…",
  read: (t) =>
    t
      .replace(/^\s*\[(.*)\]\s*$/, "$1")
      .split(",")
      .map((part) => part.trim()),
};

const stopping: Field<boolean | { first?: number; factor?: number }> = {
  schema: z.union([
    z.boolean(),
    z.strictObject({ first: z.int().min(1).optional(), factor: z.int().min(2).optional() }),
  ]),
  wanted: "true, false, or { first: 1, factor: 3 }",
  help: "successive halving: after 1, 3, 9 … epochs only the best third goes on; first and factor say other numbers (default: off)",
  value: "how",
  read: readYaml("stopping"),
};

/** What a sweep has beside the settings of its trials. */
export const searchFields = {
  space,
  search: choice("grid, random or tpe (default: grid where everything is listed, else random)", searchNames),
  trials: integerField("random, tpe: how many (default 30)", { min: 1 }),
  searchSeed: integerField("of what is tried (default 1); seed is that of training"),
  ahead: integerField(
    "tpe: a trial is chosen by the results of all but so many before it; as many can run at once (default 4)",
    {
      min: 0,
    },
  ),
  objectives,
  stopping,
  parallel: integerField("trials at once on this machine, which share its threads (default 1)", { min: 1 }),
  queue: text(
    "have the trials made by espalier worker on other machines, through this queue of Redis or PostgreSQL",
    "url",
  ),
} as const;

export const sweepFields = {
  config: text("what varies, how it is searched, and shared settings", "sweep.yaml"),
  ...shared,
  ...searchFields,
  watch: portOrSwitch(
    "show the sweep as a page that follows all trials, on this machine only: at a free port, or this one",
  ),
  out: text(
    "directory of the sweep (default: a new one under runs/), or s3://BUCKET/PREFIX; several processes may share it",
    "folder",
  ),
  resume: {
    ...resume,
    help: "go on with the sweep in --out, or help with it: finished trials stay, and without --config failed ones are tried again",
  },
  overwrite: { ...overwrite, help: "start afresh although --out holds a sweep" },
} as const;

export type SweepConfig = ValuesOf<typeof sweepFields>;

/** What does not vary between trials: where and how they run. */
export const notSwept: readonly TrainKey[] = placeKeys;
