/** The settings of `train` by the choice that they belong to, and by the heading under which the help lists them. */
import { type OptimizerMethod, optimizers, type PenaltyMethod, penalties } from "espalier";
import { readerFields, textFields } from "./data-fields.ts";
import { distillFields } from "./distill-fields.ts";
import { optimizerFields, penaltyFields } from "./method-fields.ts";
import { optionSettings } from "./method-options.ts";
import { targetFields } from "./target-fields.ts";
import type { TrainKey } from "./train-fields.ts";

/** The settings of an optimizer in all its forms. */
const ofOptimizer = ({ forms }: OptimizerMethod) => [...new Set(forms.flatMap((f) => optionSettings(f.options)))];
/** The settings of a penalty, and of what a run does with any penalty. */
const ofPenalty = ({ options, lambdaDecides, ways }: PenaltyMethod) => [
  ...optionSettings(options),
  "lambdaWarmup",
  ...(Object.hasOwn(options.shape, "lambda") && !ways.includes("host")
    ? ["targetParams", "targetMacs", "targetBytes", "targetLatency", "latencyBatch"]
    : []),
  ...(lambdaDecides ? ["targetSearch"] : []),
];
/** One list per method. The keys of the fields are made of the same schemas. */
const listed = <M>(methods: Readonly<Record<string, M>>, keys: (method: M) => readonly string[]) =>
  Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, keys(method) as readonly TrainKey[]]));

type Lists = Readonly<Record<string, readonly TrainKey[]>>;

/** Which settings belong to which choice. A setting that belongs to another choice is a mistake worth naming. */
export const belongs: Readonly<Record<"optimizer" | "schedule" | "penalty" | "groups" | "loss" | "rankRule", Lists>> = {
  optimizer: listed<OptimizerMethod>(optimizers, ofOptimizer),
  schedule: { constant: [], multiStep: ["milestones", "gamma"], cosine: ["minLr"] },
  penalty: { none: [], ...listed<PenaltyMethod>(penalties, ofPenalty) },
  groups: {
    element: [],
    inputChannel: [],
    outputChannel: [],
    coupled: ["side"],
    headWidth: ["side"],
    layer: [],
    block: ["block"],
  },
  loss: { crossEntropy: ["labelSmoothing", "classAxis"], mse: [], l1: [], bce: [], modelLoss: [] },
  rankRule: {
    none: [],
    local: ["rankKeep", "fineTune"],
    global: ["rankKeep", "rankRelative", "fineTune"],
    iterative: ["rankTolerance", "fineTune"],
  },
};

const keysOf = (fields: object) => Object.keys(fields) as TrainKey[];

export const headings: Readonly<Record<string, readonly TrainKey[]>> = {
  "Model and data": [
    "model",
    "init",
    "newHead",
    "precision",
    "freeze",
    "trainOnly",
    "data",
    "columns",
    "dataRoot",
    ...keysOf(readerFields),
    ...keysOf(textFields),
    "limitTrain",
    "valSplit",
    "augment",
    "normalize",
    "bakeNormalization",
    "baseline",
  ],
  Optimizer: ["optimizer", "lr", ...keysOf(optimizerFields)],
  "Learning rate": ["schedule", "milestones", "gamma", "minLr", "warmupEpochs"],
  Penalty: ["penalty", ...keysOf(penaltyFields), "lambdaWarmup", ...keysOf(targetFields)],
  "Low rank": ["lorita", "loritaLayers", "rankRule", "rankKeep", "rankRelative", "rankTolerance", "fineTune"],
  Loss: ["loss", "output", "labelSmoothing", "classAxis", ...keysOf(distillFields)],
  Run: [
    "epochs",
    "batchSize",
    "accumulate",
    "preciseStatistics",
    "shrinkEvery",
    "shrinkAfter",
    "steps",
    "shuffle",
    "order",
    "evalEvery",
    "logSteps",
    "tensorboard",
    "watch",
    "seed",
    "threads",
    "device",
    "mpi",
    "syncBatchNorm",
    "tune",
    "recompute",
    "out",
    "resume",
    "overwrite",
  ],
};
