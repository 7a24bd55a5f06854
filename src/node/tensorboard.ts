/** A run for TensorBoard: an event file that grows with it. */
import { joinedBytes } from "../bytes.ts";
import { anObject, aStore, wants } from "../given.ts";
import { groupSets } from "../groups/groups.ts";
import { zeroGroups } from "../groups/zeros.ts";
import type { EpochMetrics } from "../report/results.ts";
import { settingsOf } from "../train/record.ts";
import type { Run } from "../train/run.ts";
import { EVENTS } from "../train/run-files.ts";
import type { Store } from "../train/store.ts";
import { endEvent, fileHead, records, type Setting, scalarsEvent } from "./event-file.ts";

/**
 * Trains a run and writes what TensorBoard shows of it: losses, accuracies, sparsities, the share of zero input channels of every
 * weight, the learning rate, and the settings as hyper-parameters. Steps are epochs. Iterate it in place of the run:
 * ```ts
 * for await (const epoch of tensorboard(run, directory("logs/a"))) console.log(epoch.loss);
 * ```
 * Then `tensorboard --logdir logs`. A run that is resumed goes on in its file; no epoch stands there twice.
 * @param store where the file goes; the run's own is right too
 * @param settings that are shown. Default: the options of the run
 * @throws as the run itself; EspalierError when the store cannot be written
 */
export async function* tensorboard(
  run: Run,
  store: Store,
  settings: Readonly<Record<string, unknown>> | undefined = undefined,
): AsyncGenerator<EpochMetrics> {
  wants("tensorboard", ["run", anObject, run], ["run", anObject, run, "options"], ["store", aStore, store]);
  const sets = groupSets(run.model.graph, "inputChannel");
  let begun = false;
  for await (const epoch of run) {
    if (!begun) await begin(store, run.history.slice(0, -1), settings ?? settingsOf(run.options, run.data));
    begun = true;
    const tensors = new Map([...run.model.graph.initializers].map(([v, t]) => [v.name, t]));
    const zeros = sets.map((set) => {
      const zero = zeroGroups(set, tensors);
      return [`zero input channels/${set.name}`, zero.reduce((n, z) => n + z, 0) / zero.length] as const;
    });
    await store.append(EVENTS, eventOf(epoch, Object.fromEntries(zeros))); // a reader keeps the file open
    yield epoch;
  }
  const { history } = run; // resumed, and no epoch came: the last one may be missing where the run was killed
  if (!begun && history.length > 0) await begin(store, history, settings ?? settingsOf(run.options, run.data));
  if (run.finished) await store.append(EVENTS, endEvent(now()));
}

/** Events that a file begins with. */
const HEAD = 2;

/** Makes the file what it is before the first epoch to come: what it held of those before, and those of them that it had not. */
async function begin(
  store: Store,
  before: readonly EpochMetrics[],
  settings: Readonly<Record<string, unknown>>,
): Promise<void> {
  const held = before.length > 0 ? records((await store.read(EVENTS)) ?? new Uint8Array(0)) : [];
  const kept = held.filter(({ step }, i) => (step === 0 ? i < HEAD : step <= before.length)); // what it ended with comes again
  const head = kept.length > 0 ? kept.map((r) => r.bytes) : [fileHead(now(), flat(settings))];
  const missing = before.filter(({ epoch }) => !kept.some(({ step }) => step === epoch));
  await store.write(EVENTS, joinedBytes([...head, ...missing.map((m) => eventOf(m))]));
}

const now = (): number => Date.now() / 1000;

/** Where each figure of an epoch stands; the part before the stroke is a section of its own. */
const TAGS: Readonly<Record<string, (m: EpochMetrics) => number | null | undefined>> = {
  "loss/train": (m) => m.loss,
  "loss/validation": (m) => m.valLoss,
  "loss/test": (m) => m.testLoss,
  "accuracy/train": (m) => m.accuracy,
  "accuracy/validation": (m) => m.valAccuracy,
  "accuracy/test": (m) => m.testAccuracy,
  "sparsity/groups": (m) => m.groupSparsity,
  "sparsity/weights in groups": (m) => m.weightedGroupSparsity,
  "sparsity/all weights": (m) => m.elementSparsity,
  "sparsity/input channels": (m) => m.inputChannel.groupSparsity,
  "sparsity/groups at the sparse point": (m) => m.dual?.groupSparsity,
  "sparsity/singular values": (m) => m.lowRankLevel,
  "run/groups that changed": (m) => m.patternChanges,
  "run/lr": (m) => m.lr,
  "run/c": (m) => m.c,
  "run/share kept": (m) => m.kept,
  "run/strength of lambda": (m) => m.strength,
  "run/ms per step": (m) => m.msPerStep,
};

function eventOf(m: EpochMetrics, more: Readonly<Record<string, number>> = {}): Uint8Array {
  const figures = Object.entries(TAGS).flatMap(([tag, of]) => {
    const value = of(m);
    return typeof value === "number" ? [[tag, value] as const] : [];
  });
  return scalarsEvent({ step: m.epoch, at: now(), values: { ...Object.fromEntries(figures), ...more } });
}

/** Settings as the table of hyper-parameters has them: one level, numbers, switches and texts. */
function flat(settings: Readonly<Record<string, unknown>>, path = ""): Record<string, Setting> {
  return Object.assign(
    {},
    ...Object.entries(settings).map(([key, value]) => {
      const name = path + key;
      if (typeof value === "number" || typeof value === "boolean" || typeof value === "string")
        return { [name]: value };
      if (typeof value === "object" && value !== null && !Array.isArray(value))
        return flat(value as Record<string, unknown>, `${name}.`);
      return value === undefined ? {} : { [name]: JSON.stringify(value) };
    }),
  );
}
