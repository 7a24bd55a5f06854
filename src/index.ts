/** The public names of Espalier that run everywhere. The engine and the files of Node.js are in "espalier/node". */

export { type Batch, batches, type Loader } from "./data/batches.ts";
export { type Augment, type Dataset, fromArrays, limitTrain, type Split, splitValidation } from "./data/dataset.ts";
export { digits } from "./data/digits.ts";
export type { DeviceTensor, Engine, EngineTensor, Session } from "./engine/engine.ts";
export { type LatencyOptions, latency } from "./engine/latency.ts";
export { EspalierError, UsageError } from "./error.ts";
export { atBatch } from "./graph/infer.ts";
export type { DType, Graph, Model, Node, Tensor, Value } from "./graph/types.ts";
export { type BlockKind, type GroupKind, type GroupSet, groupSets, type Side } from "./groups/groups.ts";
export { zeroGroups } from "./groups/zeros.ts";
export { type Composed, type ComposeOptions, compose } from "./lowrank/compose.ts";
export { factorPatterns, isComposed } from "./lowrank/factors.ts";
export type { Skipped } from "./lowrank/layers.ts";
export { type GlobalOptions, globalRanks, type LocalOptions, localRanks, type Ranks } from "./lowrank/ranks.ts";
export { recompose } from "./lowrank/recompose.ts";
export { type Spectra, type Spectrum, spectra } from "./lowrank/spectra.ts";
export { type Truncated, type TruncatedLayer, type TruncateOptions, truncate } from "./lowrank/truncate.ts";
export { builtIns, model, models } from "./models/index.ts";
export { read } from "./onnx/read.ts";
export { encode, write } from "./onnx/write.ts";
export { adam, adamw } from "./optim/adam.ts";
export { grda } from "./optim/grda.ts";
export { hspg } from "./optim/hspg.ts";
export { magnitude } from "./optim/magnitude.ts";
export type { Optimizer } from "./optim/optimizer.ts";
export { proxGen } from "./optim/prox-gen.ts";
export { proxSgd } from "./optim/prox-sgd.ts";
export { proxSsi } from "./optim/prox-ssi.ts";
export { ramda } from "./optim/ramda.ts";
export { rda } from "./optim/rda.ts";
export { rigl } from "./optim/rigl.ts";
export { rmda } from "./optim/rmda.ts";
export { constant, cosine, multiStep, type Schedule, warmup } from "./optim/schedule.ts";
export { sgd } from "./optim/sgd.ts";
export { groupLasso } from "./prox/group-lasso.ts";
export { groupMcp } from "./prox/group-mcp.ts";
export type { GroupWeights } from "./prox/group-weights.ts";
export { lHalf } from "./prox/l-half.ts";
export { l0 } from "./prox/l0.ts";
export { l1 } from "./prox/l1.ts";
export { l2 } from "./prox/l2.ts";
export { type NmOptions, nm, overfullBlocks } from "./prox/nm.ts";
export { type NuclearOptions, nuclear } from "./prox/nuclear.ts";
export type { Penalty } from "./prox/penalty.ts";
export { sef, wgsef } from "./prox/wgsef.ts";
export { courseChart, curveChart } from "./report/charts.ts";
export {
  type ComparedRun,
  type Comparison,
  type MethodResult,
  methodCsv,
  methodResults,
  methodTable,
  type Spread,
} from "./report/comparison.ts";
export { comparisonCharts } from "./report/comparison-charts.ts";
export { comparisonHtml, comparisonMarkdown } from "./report/comparison-documents.ts";
export type { Chart } from "./report/draw.ts";
export {
  change,
  count,
  counted,
  duration,
  fileSize,
  milliseconds,
  percent,
  shapeText,
  significant,
} from "./report/format.ts";
export { reportHtml } from "./report/html.ts";
export { lineChart } from "./report/line-chart.ts";
export { isLossy } from "./report/low-rank.ts";
export type {
  BeforeAfter,
  Curve,
  LayerRow,
  LowRank,
  RankRow,
  RemovalRow,
  RunReport,
  Summary,
} from "./report/results.ts";
export { beforeAfterTable, layerTable, markdown, rankTable, removalTable, type Table, turned } from "./report/table.ts";
export { type Certificate, type RemovedSlices, type Replay, replay } from "./shrink/certificate.ts";
export { type Cost, cost } from "./shrink/cost.ts";
export { type Inspection, inspect, type Layer } from "./shrink/inspect.ts";
export { type ShrinkOptions, type Shrunk, shrink } from "./shrink/shrink.ts";
export { type Inputs, type Verification, type VerifyOptions, verify } from "./shrink/verify.ts";
export { type EvaluateOptions, evaluate } from "./train/evaluate.ts";
export { initialize } from "./train/initialize.ts";
export { type Normalization, normalizationOf } from "./train/input.ts";
export { binaryCrossEntropy, crossEntropy, type Loss, meanSquaredError } from "./train/loss.ts";
export type { EpochMetrics, Prunes } from "./train/metrics.ts";
export { modelInputs } from "./train/model-inputs.ts";
export { NotFiniteError } from "./train/not-finite.ts";
export type { Progress, TrainOptions } from "./train/options.ts";
export { goesWith } from "./train/pairs.ts";
export { stepProgram } from "./train/programs.ts";
export { type RankSearch, type RankSearchOptions, type RankStep, searchRanks } from "./train/rank-search.ts";
export type { Run } from "./train/run.ts";
export type { Score } from "./train/score.ts";
export { searchLambda, type Trial } from "./train/search.ts";
export type { Store } from "./train/store.ts";
export { train } from "./train/train.ts";
