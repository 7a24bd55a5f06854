/** The files of a run by what is in them, and how they are cleared. */
import { aStore, wants } from "../given.ts";
import { STEPS } from "./step-log.ts";
import type { Store } from "./store.ts";

/** What every run has. summary.json is written last and goes first, so it marks a finished run. */
export const FILES = {
  run: "run.json",
  metrics: "metrics.jsonl",
  checkpoint: "checkpoint.safetensors",
  model: "model.onnx",
  small: "small.onnx",
  certificate: "certificate.json",
  /** What the models expect of images; runs on other things have none. */
  preprocessor: "preprocessor_config.json",
  report: "report.html",
  summary: "summary.json",
} as const;

/** What singular values were cut to, before it was shrunk; only runs of low rank have it. */
export const TRUNCATED = "truncated.onnx";

/** What TensorBoard shows of it. */
export const EVENTS = "events.out.tfevents.1.espalier";

/** The ranks that were chosen: a run that is stopped after that goes on with them. */
export const RANKS = "ranks.json";

/** What layers save of the time where they are narrower, of a run that is steered to a time. */
export const LATENCY = "latency.json";

/** The folder of the training that follows truncation. */
export const FINE_TUNING = "fine-tuning";

/** The folder of the trial runs of a search for lambda. */
export const TRIALS = "trials";

/** In the order in which they go: results first, of them the mark of a finished run, so that what a stopped clearing leaves is taken for no more than it is. */
const all = [
  FILES.summary,
  FILES.report,
  FILES.certificate,
  FILES.preprocessor,
  FILES.small,
  FILES.model,
  TRUNCATED,
  RANKS,
  LATENCY,
  FINE_TUNING,
  TRIALS,
  FILES.metrics,
  STEPS,
  EVENTS,
  FILES.checkpoint,
  FILES.run,
];

/**
 * Removes what a run that begins must not find of one before: the mark of being finished, first, and what would be gone on with in its
 * place. The rest it replaces.
 */
export async function clearFormer(store: Store): Promise<void> {
  for (const name of [FILES.summary, STEPS, RANKS, FINE_TUNING]) await store.remove(name);
}

/** Removes the files of a run, and nothing else. */
export async function clearRun(store: Store): Promise<void> {
  wants("clearRun", ["store", aStore, store]);
  for (const name of all) await store.remove(name);
}
