/** The public names of Espalier that run everywhere. The engine and the files of Node.js are in "espalier/node". */

export { type Batch, batches, type Loader } from "./data/batches.ts";
export { classNotes } from "./data/check.ts";
export { type OrderedClasses, orderClasses } from "./data/class-order.ts";
export { type Column, renameColumns } from "./data/columns.ts";
export { type Dataset, fromArrays, limitTrain, splitValidation } from "./data/dataset.ts";
export { digits } from "./data/digits.ts";
export type { ColumnEncoding, Encoding } from "./data/encoding.ts";
export {
  type ColumnInput,
  type Columns,
  type FromColumnsOptions,
  fromColumns,
  type PlacedColumns,
} from "./data/from-columns.ts";
export { type FromSamplesOptions, fromSamples } from "./data/from-samples.ts";
export type { LabelKind } from "./data/labels.ts";
export {
  type ImageSize,
  type ImagesWanted,
  type Interpolation,
  type Preprocessing,
  type PresetName,
  preset,
  presetNames,
} from "./data/preprocessing.ts";
export { fromPreprocessorConfig } from "./data/preprocessor-config.ts";
export type { GivenSample, GivenSamples, SampleSequence, SampleValue } from "./data/sample-columns.ts";
export { sourceSplit } from "./data/source.ts";
export type { Augment, ColorJitter, Drawn, Numbers, SampleSource, Split } from "./data/split.ts";
export {
  type EncodedTexts,
  type EncodedWords,
  type EncodeOptions,
  encodeTexts,
  encodeWords,
  type TokenColumn,
} from "./data/text/encode-texts.ts";
export { type TextTokenizer, type TokenizerFiles, type Tokens, textTokenizer } from "./data/text/tokenizer.ts";
export type { DeviceTensor, Engine, EngineTensor, Session, Trials } from "./engine/engine.ts";
export { type LatencyOptions, latency } from "./engine/latency.ts";
export { type ErrorCode, type ErrorDetails, EspalierError, UsageError } from "./error.ts";
export { atBatch, bind, type Sizes, sizesOf, withSizes } from "./graph/bind.ts";
export type { DType, Graph, Model, Node, Tensor, Value } from "./graph/types.ts";
export type { BlockKind, GroupKind, GroupSet, Side, SideOptions } from "./groups/group-set.ts";
export { groupSets } from "./groups/groups.ts";
export { zeroGroups } from "./groups/zeros.ts";
export { type Tuned, type TuneOptions, type TuningProgress, tune } from "./lower/tuning/tune.ts";
export type { SiteTrial, SiteTrials, Tuning, TuningCache } from "./lower/tuning/tuning.ts";
export { type Composed, type ComposeOptions, compose } from "./lowrank/compose.ts";
export { factorPatterns, isComposed } from "./lowrank/factors.ts";
export type { Skipped } from "./lowrank/layers.ts";
export { type GlobalOptions, globalRanks, type LocalOptions, localRanks, type Ranks } from "./lowrank/ranks.ts";
export { recompose } from "./lowrank/recompose.ts";
export { type Spectra, type Spectrum, spectra } from "./lowrank/spectra.ts";
export { type Truncated, type TruncatedLayer, type TruncateOptions, truncate } from "./lowrank/truncate.ts";
export type { Interval } from "./math/bootstrap.ts";
export { mean, median, sampleDeviation } from "./math/statistics.ts";
export { listed, Message, Name, named, say, type Words, worded } from "./message.ts";
export { type Description, type OptionSpec, optionSpecs } from "./method.ts";
export * from "./methods.ts"; // which lists them one by one
export { builtIns, model, models } from "./models/index.ts";
export { didYouMean, nearest } from "./nearest.ts";
export { readingNotes } from "./onnx/notes.ts";
export { type ReadOptions, read } from "./onnx/read.ts";
export { encode, type WriteOptions, write } from "./onnx/write.ts";
export type { AdamOptions } from "./optim/adam.ts";
export type { MomentumSchedule } from "./optim/averaging.ts";
export type { Defaults, OptimizerMethod } from "./optim/define.ts";
export type { Distribution } from "./optim/densities.ts";
export type { GrdaOptions } from "./optim/grda.ts";
export type { HspgOptions } from "./optim/hspg.ts";
export type { MagnitudeOptions } from "./optim/magnitude.ts";
export type { MomentOptions } from "./optim/moments.ts";
export type { SgdOptions } from "./optim/momentum.ts";
export type { Optimizer } from "./optim/optimizer.ts";
export type { ProxSgdOptions } from "./optim/prox-sgd.ts";
export type { RamdaOptions } from "./optim/ramda.ts";
export type { RiglOptions } from "./optim/rigl.ts";
export type { RmdaOptions } from "./optim/rmda.ts";
export { constant, cosine, multiStep, type Schedule, warmup } from "./optim/schedule.ts";
export { sgd } from "./optim/sgd.ts";
export { collapseOf, collapseWords } from "./pipeline/collapse.ts";
export {
  type ComparedMethod,
  type CompareEvent,
  type CompareOptions,
  compare,
  type RunPlace,
} from "./pipeline/compare.ts";
export {
  type Compared,
  type ComparingOptions,
  type ComparisonEvent,
  type ComparisonPlan,
  compareRuns,
} from "./pipeline/compare-runs.ts";
export {
  COMPARISON,
  type ComparisonDocument,
  clearComparedRun,
  clearComparison,
  type EndedRun,
  methodFolder,
  type PlannedRun,
  type SavedComparison,
  savedComparison,
} from "./pipeline/comparison-files.ts";
export { type ContactSheetOptions, contactSheet } from "./pipeline/contact-sheet.ts";
export type { FinishEvent, RankEvent } from "./pipeline/events.ts";
export { type Factorized, type FactorizeOptions, factorize } from "./pipeline/factorize.ts";
export { type FineTuneOptions, fineTune } from "./pipeline/fine-tune.ts";
export { type Finished, type FinishOptions, finish } from "./pipeline/finish.ts";
export { type FinishedTrial, type SearchOptions, searchLambda, type Trial } from "./pipeline/lambda-search.ts";
export { type PrunedToLatency, type PruneToLatencyOptions, pruneToLatency } from "./pipeline/latency/prune.ts";
export type { LatencyCache, LatencyTable, LatencyTableOptions } from "./pipeline/latency/table.ts";
export { latencyTable, savedLatencyTable } from "./pipeline/latency/table.ts";
export { type LatencyTargetOptions, latencyTarget } from "./pipeline/latency/target.ts";
export { type NetworkOptions, networkHtml } from "./pipeline/network.ts";
export { type OperatorRow, operatorTable } from "./pipeline/operator-table.ts";
export {
  type PruneCost,
  type Pruned,
  type PrunedSet,
  type PruneEvent,
  type PruneMeasure,
  type PruneOptions,
  prune,
  pruneMeasures,
} from "./pipeline/prune/prune.ts";
export {
  type PruneGroups,
  type PruneRanking,
  pruneGroups,
  pruneRankings,
  type RankingOptions,
} from "./pipeline/prune/rank.ts";
export { type RankSearch, type RankSearchOptions, type RankStep, searchRanks } from "./pipeline/rank-search.ts";
export { chooseRanks, type Judging, type RankRule } from "./pipeline/ranks.ts";
export { realInputs } from "./pipeline/real-inputs.ts";
export { removalRows } from "./pipeline/report-rows.ts";
export { savedSummary } from "./pipeline/summary-file.ts";
export { logToMlflow, type MlflowOptions } from "./pipeline/sweep/mlflow.ts";
export { type SweepSearch, sweepPlan } from "./pipeline/sweep/plan.ts";
export type { SweepStopping } from "./pipeline/sweep/rungs.ts";
export { type SearchName, searchNames } from "./pipeline/sweep/search.ts";
export type { SweepChoice, SweepDimension, SweepRange, SweepSpace, SweepValues } from "./pipeline/sweep/space.ts";
export type { SweepJob, SweepPlan } from "./pipeline/sweep/survey.ts";
export { type SweepOptions, type SweepPlace, type SweptTrial, sweep, type TrialEpoch } from "./pipeline/sweep/sweep.ts";
export {
  checkSamePlan,
  clearSweep,
  type SavedSweep,
  SWEEP,
  type SweepIdentity,
  savedSweep,
} from "./pipeline/sweep/sweep-files.ts";
export {
  type SweepEvent,
  type SweepingOptions,
  type Swept,
  surveySweep,
  sweepTrials,
} from "./pipeline/sweep/sweep-trials.ts";
export { trialKey } from "./pipeline/sweep/trial-key.ts";
export { type TargetEvent, type TargetOptions, type TargetRun, trainToTarget } from "./pipeline/target.ts";
export { type StructureTargetOptions, structureTarget } from "./pipeline/target-structure.ts";
export {
  compareLatency,
  type LatencyComparison,
  type TimedModel,
  timedBatches,
  timeModels,
} from "./pipeline/timing.ts";
export type { Certificate, RemovedSlices, Replacement, VocabularyCut } from "./proof/certificate.ts";
export type { Verdict } from "./proof/claims.ts";
export { type Proof, type ProveOptions, prove } from "./proof/prove.ts";
export type { PenaltyMethod } from "./prox/define.ts";
export type { GroupLassoOptions } from "./prox/group-lasso.ts";
export type { GroupMcpOptions } from "./prox/group-mcp.ts";
export type { GroupOptions } from "./prox/group-options.ts";
export type { GroupWeights } from "./prox/group-weights.ts";
export type { NmOptions } from "./prox/nm.ts";
export type { NuclearOptions } from "./prox/nuclear.ts";
export type { Penalty } from "./prox/penalty.ts";
export type { ChannelTime } from "./prox/time-weights.ts";
export type { SefOptions, WgsefOptions } from "./prox/wgsef.ts";
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
  shortCount,
  significant,
} from "./report/format.ts";
export { reportHtml } from "./report/html.ts";
export { lineChart } from "./report/line-chart.ts";
export { isLossy } from "./report/low-rank.ts";
export { type ObjectiveName, objectiveNames } from "./report/objectives.ts";
export type {
  BeforeAfter,
  Collapse,
  Curve,
  EpochMetrics,
  GroupSparsity,
  LatencyReached,
  LayerRow,
  LowRank,
  MemoryEstimate,
  Prunes,
  RankRow,
  RemovalRow,
  RunReport,
  Summary,
} from "./report/results.ts";
export { frontTable, type SweepResult, type SweepRow, sweepTable, type TrialState } from "./report/sweep.ts";
export { sweepCharts } from "./report/sweep-charts.ts";
export { sweepHtml, sweepLead, sweepMarkdown } from "./report/sweep-documents.ts";
export {
  beforeAfterTable,
  changeRow,
  layerTable,
  markdown,
  rankTable,
  removalTable,
  type Table,
  turned,
} from "./report/table.ts";
export { type Cost, cost } from "./shrink/cost.ts";
export { type Inspection, inspect, type Layer, type ModelPort } from "./shrink/inspect.ts";
export { type KeptInputs, keptInputs } from "./shrink/kept-inputs.ts";
export { type ShrinkOptions, type Shrunk, shrink } from "./shrink/shrink.ts";
export { keepTokens } from "./shrink/tokenizer-file.ts";
export { type Inputs, type Verification, type VerifyOptions, verify } from "./shrink/verify.ts";
export { type ReadingOptions, verifyReading } from "./shrink/verify-reading.ts";
export { type VerifyVocabOptions, type VocabVerification, verifyVocab } from "./shrink/verify-vocabulary.ts";
export { type KeepVocabOptions, type KeptVocabulary, keepVocab } from "./shrink/vocabulary.ts";
export { keptAgain, vocabularyCut } from "./shrink/vocabulary-record.ts";
export type { Normalization } from "./step/input.ts";
export {
  binaryCrossEntropy,
  type CrossEntropyOptions,
  crossEntropy,
  type Loss,
  meanAbsoluteError,
  meanSquaredError,
  modelLoss,
} from "./step/loss.ts";
export type { LossPlan, LossTerm, StepPlan } from "./step/plan.ts";
export { stepProgram } from "./step/programs.ts";
export { type BakeOptions, bakeNormalization } from "./train/bake-normalization.ts";
export { baselineNote } from "./train/baseline-note.ts";
export { type ChosenLambda, defaultLambda } from "./train/default-lambda.ts";
export type { DistillOptions } from "./train/distill.ts";
export { encodingOf } from "./train/encoding.ts";
export { estimateMemory } from "./train/estimate-memory.ts";
export { type EvaluateOptions, evaluate } from "./train/evaluate.ts";
export { imagesFor } from "./train/images.ts";
export { initialize } from "./train/initialize.ts";
export { fixedPlaces } from "./train/inputs.ts";
export { type MemoryStore, memory } from "./train/memory.ts";
export { modelInputs } from "./train/model-inputs.ts";
export { type NewHeadOptions, newHead, type WithNewHead } from "./train/new-head.ts";
export { normalizationNote, normalizationOf } from "./train/normalization.ts";
export { NotFiniteError } from "./train/not-finite.ts";
export type { TrainOptions } from "./train/options.ts";
export { preciseStatistics, type StatisticsOptions } from "./train/precise-statistics.ts";
export { type PreprocessorConfig, preprocessorConfig, preprocessorConfigFor } from "./train/preprocessor-config.ts";
export type { Progress } from "./train/progress.ts";
export type { Communicator } from "./train/ranks/communicator.ts";
export { settingsOf } from "./train/record.ts";
export type { Run } from "./train/run.ts";
export { clearRun, FILES, LATENCY, TRUNCATED } from "./train/run-files.ts";
export type { Score } from "./train/score.ts";
export type { Steering, SteeringRecord, StructureCut } from "./train/steering.ts";
export { STEPS } from "./train/step-log.ts";
export { type Store, writeJson } from "./train/store.ts";
export type { Losses, WeightedLoss } from "./train/terms.ts";
export { train } from "./train/train.ts";
export { type RunTuneOptions, type TuneModelOptions, tuneModel } from "./train/tune-model.ts";
export { type GivenWeights, withWeights } from "./train/with-weights.ts";
export { visible, visibleJson } from "./visible.ts";
