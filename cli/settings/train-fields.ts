/** Everything that `train` can be told, as one table: flags, `--set`, configuration files and help all read it. */
import { builtIns } from "espalier";
import { z } from "zod";
import { normalizationField } from "./engine-fields.ts";
import { augmentation, choice, integer, number, numbers, text, texts, toggle, type ValuesOf } from "./field.ts";
import { lossField } from "./losses.ts";
import { fineTuneField, keepField, relativeField, ruleField, toleranceField } from "./rank-fields.ts";

const epochList = z.int().min(1);

export const trainFields = {
  model: text(`${[...builtIns.keys()].join(", ")}, or a file that ends in .onnx`, "name|file.onnx"),
  init: toggle("draw new initial weights for a model from a file"),
  freeze: texts("parameters that stay as they are; * stands for a part of a name, ** for any characters", "a,b.*,…"),
  data: text("data set by name, or a folder", "name|folder"),
  dataRoot: text("folder with the data sets (default: $ESPALIER_DATA, else the user's cache)", "folder"),
  limitTrain: integer("use only so many training samples", { min: 1 }),
  valSplit: number("hold out this share of the training samples for validation", { above: 0, below: 1 }),
  augment: augmentation("vary training images: auto, none, or crop=4,flip (default: auto, as the data set says)"),
  normalize: normalizationField,
  loss: lossField,
  output: text("the model's output that the loss attaches to (default: the first)", "name"),
  labelSmoothing: number("share of the target spread over all classes", { min: 0, below: 1 }),

  optimizer: choice("how weights move (default rmda; with lorita adam)", [
    "sgd",
    "adam",
    "adamw",
    "proxSgd",
    "proxSsi",
    "proxGen",
    "rda",
    "rmda",
    "ramda",
    "grda",
    "hspg",
    "rigl",
    "magnitude",
  ]),
  lr: number(
    "learning rate (default 0.1; 0.06 for prox-sgd in the form yang; 0.001 for adam, adamw, prox-ssi and prox-gen; 0.01 for ramda)",
    { above: 0 },
  ),
  schedule: choice("constant, multi-step (default when there are milestones), cosine", [
    "constant",
    "multiStep",
    "cosine",
  ]),
  milestones: numbers("multi-step: epochs after which lr drops; rmda restarts there", "increasing epochs", epochList),
  gamma: number("multi-step: what lr is multiplied by at a milestone (default 0.1)", { above: 0, max: 1 }),
  minLr: number("cosine: lr at the end (default 0)", { min: 0 }),
  warmupEpochs: number("raise lr linearly over so many epochs first", { above: 0 }),
  momentum: number("sgd, rigl, magnitude (default 0.9), hspg (0)", { min: 0, below: 1 }),
  nesterov: toggle("sgd, rigl, magnitude: Nesterov's momentum"),
  weightDecay: number("sgd, adam, rigl, magnitude (default 0; sgd and adam with lorita 1e-4), adamw (default 0.01)", {
    min: 0,
  }),
  betas: numbers(
    "adam, adamw, prox-ssi, prox-gen (default 0.9,0.999)",
    "two numbers ≥ 0 and < 1",
    z.number().min(0).lt(1),
    2,
  ),
  eps: number("adam, adamw, prox-gen, prox-sgd in the form yang (default 1e-8), prox-ssi and ramda (1e-6)", {
    above: 0,
  }),
  c: number("rmda, ramda: averaging constant (default 0.1, 0.01); grda: strength (0.005)", { above: 0, max: 1 }),
  mu: number("grda: growth of its threshold, best between 0.5 and 1 (default 0.51)", { min: 0 }),
  momentumSchedule: choice(
    "how c reaches 1, without which nothing is exactly zero: milestones (default of rmda) divides it by gamma at each, ramp (of ramda) grows it as the root of the steps after the last; without milestones it rises over the last fifth of the run",
    ["milestones", "ramp"],
  ),
  restarts: numbers(
    "rmda, ramda: epochs after which they restart (default: the milestones)",
    "increasing epochs",
    epochList,
  ),
  form: choice("prox-sgd: unit step (default), or yang: as published, with two clocks", ["unit", "yang"]),
  rho: number("prox-sgd: weight of the new gradient (default 0.1; form yang 0.9)", { above: 0, max: 1 }),
  beta: number("prox-sgd, form yang: decay of the second moment (default 0.999)", { min: 0, below: 1 }),
  stage1: choice("hspg: how its first stage takes the penalty (default prox)", ["prox", "gradient"]),
  switchEpoch: integer("hspg: epochs of its first stage (default: half of the run)", { min: 0 }),
  epsilon: number("hspg: how far a group may turn before the second stage makes it zero (default 0)", {
    min: 0,
    below: 1,
  }),
  maxSparsity: number("hspg: the largest share of a channel set that the second stage makes zero (default 1)", {
    above: 0,
    max: 1,
  }),
  sparsity: number("rigl, magnitude: share of the weights that end as zero (default 0.9)", { min: 0, below: 1 }),
  distribution: choice("how that is spread over layers: rigl erk (default), uniform; magnitude also global (default)", [
    "erk",
    "uniform",
    "global",
  ]),
  updateEvery: integer("rigl, magnitude: steps from one change of the masks to the next (default 100)", { min: 1 }),
  updateUntil: number("rigl, magnitude: share of the run after which masks stay (default 0.75)", { above: 0, max: 1 }),
  updateFrom: number("magnitude: share of the run before the first pruning (default 0)", { min: 0, max: 1 }),
  initialSparsity: number("magnitude: sparsity of the first pruning (default 0)", { min: 0, below: 1 }),
  dropFraction: number("rigl: share of the active weights that is exchanged at first (default 0.3)", {
    above: 0,
    max: 1,
  }),

  penalty: choice(
    "what should become zero (default group-lasso for proximal optimizers, else none; nuclear is slow: it decomposes every weight at every step)",
    ["none", "l0", "lHalf", "l1", "l2", "groupLasso", "groupMcp", "wgsef", "sef", "nuclear", "nm"],
  ),
  lambda: number("strength of the penalty (default 1e-4)", { min: 0 }),
  groups: choice("what dies together (default coupled, which makes the file small)", [
    "element",
    "inputChannel",
    "outputChannel",
    "coupled",
    "block",
  ]),
  block: numbers("groups block: outputs × inputs of a block (default 4,4)", "two integers ≥ 1", z.int().min(1), 2),
  side: choice("coupled groups: the weights that read a channel (default), or that make it", ["consumer", "producer"]),
  weights: choice("weight of a group in the penalty (default balanced; of wgsef uniform)", [
    "balanced",
    "size",
    "uniform",
  ]),
  lambdaWarmup: number(
    "epochs over which the penalty grows to its full strength (default: a tenth of the run, at most until the first milestone)",
    {
      min: 0,
    },
  ),
  concavity: number("group-mcp: where it becomes flat (default 3)", { above: 1 }),
  k: integer("wgsef, sef: groups of each channel set that should survive", { min: 1 }),
  keep: number("wgsef, sef: share of each channel set that should survive, rounded up; instead of k", {
    above: 0,
    max: 1,
  }),
  n: integer("nm: weights of a block that may be nonzero (default 2)", { min: 1 }),
  m: integer("nm: size of a block of consecutive inputs (default 4)", { min: 2 }),
  layers: texts("nuclear: weights that it acts on (default: all); * and ** as in freeze", "a,b.*,…"),
  targetParams: number("search for the lambda that keeps this share of the parameters, such as 0.1, in up to 8 runs", {
    above: 0,
    below: 1,
  }),

  lorita: integer("compose every linear and convolutional layer of so many maps, train, compose back, truncate", {
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

  epochs: integer("default 20", { min: 1 }),
  batchSize: integer("default 128", { min: 1 }),
  seed: integer("default 1"),
  threads: integer("default: one per processor", { min: 1 }),
  device: choice("default cpu", ["cpu", "webgpu", "cuda"]),
  out: text("run directory (default: a new one under runs/)", "folder"),
  resume: toggle("go on with the run in --out"),
  overwrite: toggle("start afresh although --out holds a run"),
} as const;

export type TrainConfig = ValuesOf<typeof trainFields>;
export type TrainKey = keyof typeof trainFields;
