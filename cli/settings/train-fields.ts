/** Everything that `train` can be told, as one table: flags, `--set`, configuration files and help all read it. */
import { builtIns, optimizers, penalties, usualOptimizer } from "espalier";
import { z } from "zod";
import { dataFields, readerFields, textFields } from "./data-fields.ts";
import { distillFields } from "./distill-fields.ts";
import { devices } from "./engine-fields.ts";
import {
  allOf,
  augmentation,
  choice,
  countOrOff,
  eitherWay,
  type Field,
  integerField,
  keysThatAre,
  numberField,
  numberListField,
  placeOrSwitch,
  portOrSwitch,
  text,
  texts,
  toggle,
  turnedOff,
  type ValuesOf,
} from "./field.ts";
import { lossField } from "./losses.ts";
import { optimizerFields, penaltyFields } from "./method-fields.ts";
import { lrHelp } from "./method-help.ts";
import { kebab } from "./names.ts";
import { fineTuneField, keepField, relativeField, ruleField, toleranceField } from "./rank-fields.ts";
import { targetFields } from "./target-fields.ts";

const epochList = z.int().min(1);
const inPlace = <F extends Field>(field: F): F => ({ ...field, of: "place" });
const ofProblem = <F extends Field>(field: F): F => ({ ...field, of: "problem" });
const namesOf = <N extends string>(methods: Readonly<Record<N, unknown>>) => Object.keys(methods) as N[];

export const trainFields = {
  model: ofProblem(
    text(
      `${[...builtIns.keys()].join(", ")}, a file that ends in .onnx, or a folder with one`,
      "name|file.onnx|folder",
    ),
  ),
  init: toggle("draw new initial weights for a model from a file"),
  newHead: integerField("replace the classifier of a model from a file by a new one of so many classes", { min: 1 }),
  precision: choice(
    "floats of a model from a file: as stored (default), of which only float32 is trained, or all of them as float32",
    ["stored", "float32"],
  ),
  freeze: texts(
    "parameters that stay as they are; * stands for a part of a name, ** for any characters, op:Conv for what Conv reads",
    "a,b.*,…",
  ),
  trainOnly: texts(
    "train these and nothing else, also what inspect lists as constants; patterns as in freeze",
    "a,b.*,…",
  ),
  data: ofProblem(dataFields.data),
  columns: ofProblem(dataFields.columns),
  dataRoot: inPlace(dataFields.dataRoot),
  ...allOf("problem", readerFields),
  ...allOf("problem", textFields),
  limitTrain: ofProblem(integerField("use only so many training samples", { min: 1 })),
  valSplit: ofProblem(
    numberField("hold out this share of the training samples for validation", { above: 0, below: 1 }),
  ),
  augment: augmentation(
    "vary training samples: auto, none, or such as random-resized-crop=0.08:1,flip,color-jitter=0.4; also crop=4, rand-augment=2:9, cutout=16, mixup=0.2 (default: auto, as the data set says)",
  ),
  normalize: dataFields.normalize,
  bakeNormalization: toggle("put the normalization into the models, whose input then takes pixels 0 … 255"),
  baseline: turnedOff("do not score a model from a file before training"),
  loss: lossField,
  output: text("the model's output that the loss attaches to (default: the first)", "name"),
  labelSmoothing: numberField("share of the target spread over all classes", { min: 0, below: 1 }),
  classAxis: integerField("axis of the logits that the classes are on, where their shapes do not tell it"),
  ...distillFields,

  optimizer: choice(
    `how weights move (default ${kebab(usualOptimizer.plain)}; with lorita ${kebab(usualOptimizer.composed)}; of a model from a file, to a target size, ${kebab(usualOptimizer.trained)})`,
    namesOf(optimizers),
  ),
  lr: numberField(lrHelp, { above: 0 }),
  schedule: choice("constant, multi-step (default when there are milestones), cosine", [
    "constant",
    "multiStep",
    "cosine",
  ]),
  milestones: numberListField(
    "multi-step: epochs after which lr drops; what restarts does so there",
    "increasing epochs",
    epochList,
  ),
  gamma: numberField("multi-step: what lr is multiplied by at a milestone (default 0.1)", { above: 0, max: 1 }),
  minLr: numberField("cosine: lr at the end (default 0)", { min: 0 }),
  warmupEpochs: numberField("raise lr linearly over so many epochs first", { above: 0 }),
  ...optimizerFields,

  penalty: choice("what should become zero (default group-lasso for proximal optimizers, else none)", [
    "none",
    ...namesOf(penalties),
  ]),
  ...penaltyFields,
  lambdaWarmup: numberField(
    "epochs over which the penalty grows to its full strength (default: a tenth of the run, at most until the first milestone; half of the run where lambda is chosen)",
    { min: 0 },
  ),
  ...targetFields,

  lorita: integerField("compose every linear and convolutional layer of so many maps, train, compose back, truncate", {
    min: 1,
  }),
  loritaLayers: texts(
    "lorita: weights that it composes (default: all that are not frozen); * and ** as in freeze",
    "a,b.*,…",
  ),
  rankRule: ruleField(" (default with lorita: iterative)"),
  rankKeep: keepField,
  rankRelative: relativeField,
  rankTolerance: toleranceField,
  fineTune: fineTuneField,

  epochs: integerField("default 20", { min: 1 }),
  batchSize: integerField("default 128", { min: 1 }),
  accumulate: integerField(
    "split each batch into so many parts and add up their gradients: the step of a batch that does not fit in memory (batch norm sees the parts; default 1)",
    { min: 1 },
  ),
  preciseStatistics: countOrOff(
    "batch norm: take running statistics anew over so many batches before each evaluation (default: 50 with a penalty or an optimizer that cuts, else off; 50 after truncation)",
  ),
  shrinkEvery: countOrOff(
    "after every so many epochs go on without the channels that nothing reads any more: steps get cheaper, the result stays the same (default: 5 with a target, and for rmda, prox-sgd and hspg with group-lasso or l1; else off)",
  ),
  shrinkAfter: integerField(
    "shrink-every: for how many epochs on end all that reads a channel has been zero when it leaves; of rmda, epochs after its last restart with c = 1 (default 3)",
    { min: 1 },
  ),
  steps: integerField("in place of epochs: stop after so many steps of the optimizer", { min: 1 }),
  shuffle: turnedOff("visit the samples in the order of the data, in every epoch"),
  order: text(
    "visit them in this order: one index per line, or an .npy file, of one epoch for all or of all of them",
    "file",
  ),
  evalEvery: integerField("score test and validation samples after every n epochs, and at the end (default 1)", {
    min: 1,
  }),
  logSteps: toggle("write the loss of every step to steps.jsonl"),
  tensorboard: inPlace(
    placeOrSwitch(
      "write what TensorBoard shows: into the run directory, or a folder of that name in another",
      "folder",
    ),
  ),
  watch: inPlace(
    portOrSwitch("show the run as a page that follows it, on this machine only: at a free port, or this one"),
  ),
  seed: integerField("default 1"),
  threads: inPlace(integerField("default: one per processor", { min: 1 })),
  device: inPlace(choice("default cpu", devices)),
  mpi: inPlace(
    toggle(
      "one run in all processes that mpirun started, each on its share of every batch: mpirun -n 4 npx espalier train --mpi …",
    ),
  ),
  syncBatchNorm: toggle("mpi: batch norm normalizes by the samples of all processes, as torch's SyncBatchNorm does"),
  tune: inPlace(
    eitherWay(
      "time the formulations of the step on this machine first, for 20 s or twenty steps at most, and compute with the fastest; kept for later runs (default: in runs of about ten minutes or more)",
      "compute by the built-in thresholds, which are the same on every machine with the same vector kernels",
    ),
  ),
  recompute: inPlace(
    toggle("compute cheap values again instead of keeping them for the gradients (default: when memory is short)"),
  ),
  out: inPlace(text("run directory (default: a new one under runs/), or s3://BUCKET/PREFIX", "folder")),
  resume: inPlace(toggle("go on with the run in --out")),
  overwrite: inPlace(toggle("start afresh although --out holds a run")),
} as const;

export type TrainConfig = ValuesOf<typeof trainFields>;
export type TrainKey = keyof typeof trainFields;

/** Where and how a run runs. */
export const placeKeys: readonly TrainKey[] = keysThatAre("place", trainFields);
/** What methods are compared on. */
export const problemKeys: readonly TrainKey[] = keysThatAre("problem", trainFields);
