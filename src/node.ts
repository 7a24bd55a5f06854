/** The Node.js half of Espalier: the engine, data sets on disk, run directories. */

export { type Device, deviceNames, type NodeOptions } from "./engine/node.ts";
export { type BucketOptions, bucket } from "./node/bucket.ts";
export type { DataCheck, PartCheck } from "./node/data-check.ts";
export type { DataPageOptions } from "./node/data-page.ts";
export { datasets, type Info, type Listing } from "./node/datasets.ts";
export { directory, newDirectory } from "./node/directory.ts";
export { nodeEngine as node } from "./node/engine.ts";
export { environment, version } from "./node/environment.ts";
export { isModelFolder, modelFileOf } from "./node/folder/model-file.ts";
export {
  normalizationBeside,
  normalizedBy,
  type PreprocessingFile,
  preprocessingBeside,
  writePreprocessor,
} from "./node/folder/preprocessor-file.ts";
export { type ModelFolder, readModelFolder } from "./node/folder/read-folder.ts";
export { type FolderModel, modelFileIn, type WrittenFolder, writeModelFolder } from "./node/folder/write-folder.ts";
export { latencyCache } from "./node/latency-cache.ts";
export { readBytes, readModel, verifyModelFile, writeBytes } from "./node/model-files.ts";
export { type MpiCommunicator, type MpiOptions, mpi } from "./node/mpi/mpi.ts";
export type { OpenOptions } from "./node/reader.ts";
export { readOrder } from "./node/sample-order.ts";
export { fileAt, isInBucket, storeAt } from "./node/store-at.ts";
export { systemReason } from "./node/system-error.ts";
export { tensorboard } from "./node/tensorboard.ts";
export { readTokenizer } from "./node/text/tokenizer-files.ts";
export { tuningCache } from "./node/tuning-cache.ts";
export { type WatchOptions, watch } from "./node/watch.ts";
export { type SweepWatch, watchSweep } from "./node/watch-sweep.ts";
