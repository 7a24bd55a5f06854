/** Whether a model for fewer tokens computes for them what the whole one does: both run on the same texts, under their own ids. */

import { type Engine, type EngineTensor, loaded, runOnce } from "../engine/engine.ts";
import { EspalierError } from "../error.ts";
import { aModel, anEngine, anObject, wants } from "../given.ts";
import { declaredBatch, otherSizes } from "../graph/bind.ts";
import { tensor } from "../graph/tensor.ts";
import type { Model, Tensor } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import { write } from "../onnx/write.ts";
import { randomInputs } from "../proof/random-inputs.ts";
import { tensorDifference } from "../proof/tensor-difference.ts";
import { cutTensor } from "./cut.ts";
import type { KeptVocabulary } from "./vocabulary.ts";

/** Options of `verifyVocab`. */
export interface VerifyVocabOptions {
  readonly engine: Engine;
  /** Largest relative error at which the models still agree. Default 1e-4. */
  readonly tolerance?: number;
  /** Texts of random kept tokens. Default 4. */
  readonly random?: number;
  readonly seed?: number;
}

/** How far outputs are apart that should be the same numbers. */
export interface VocabVerification {
  /** Whether every number is the same, to the bit. */
  readonly equal: boolean;
  readonly maxAbs: number;
  /** Largest max|a − b| / max(1e-6, max|a|) over all outputs and runs. */
  readonly maxRel: number;
  readonly runs: number;
}

/**
 * Runs both models on random tokens of those that are kept, and compares the outputs: those that count tokens, on the kept ones.
 * @throws EspalierError where they differ by more than the tolerance
 */
export async function verifyVocab(
  full: Model,
  kept: KeptVocabulary,
  options: VerifyVocabOptions,
): Promise<VocabVerification> {
  wants(
    "verifyVocab",
    ["full", aModel, full],
    ["kept", anObject, kept],
    ["options", anObject, options],
    ["engine", anEngine, options, "engine"],
  );
  const { engine, tolerance = 1e-4, random = 4, seed = 0 } = options;
  const runs = Array.from({ length: random }, (_, i) => texts(full, kept, i, new Random(seed, "verify", 0, i)));
  const outputs = async (model: Model, which: 0 | 1) => {
    const session = await loaded(engine, () => write(model));
    try {
      const found: Readonly<Record<string, EngineTensor>>[] = [];
      for (const feeds of runs) found.push(await runOnce(session, engine, feeds[which]));
      return found;
    } finally {
      await session.release();
    }
  };
  const stays = new Uint8Array(kept.tokens);
  for (const id of kept.ids) stays[id] = 1;
  const [whole, small] = [await outputs(full, 0), await outputs(kept.model, 1)];
  const far = { equal: true, maxAbs: 0, maxRel: 0, runs: runs.length };
  let reason: string | undefined;
  whole.forEach((all, run) => {
    for (const [name, t] of Object.entries(all)) {
      const axes = kept.outputs.filter((o) => o.name === name).map((o) => o.axis);
      const masks = t.shape.map((_, axis) => (axes.includes(axis) ? stays : undefined));
      const e = tensorDifference(cutTensor(t as Tensor, masks) as EngineTensor, small[run][name]);
      far.maxAbs = Math.max(far.maxAbs, e.abs);
      far.maxRel = Math.max(far.maxRel, e.rel);
      far.equal &&= e.abs === 0;
      reason ??= e.reason && `output "${name}" ${e.reason}`;
    }
  });
  if (reason !== undefined || far.maxRel > tolerance)
    throw new EspalierError(
      "disagree",
      "the model for fewer tokens does not agree with the whole one",
      { reason, "max abs": far.maxAbs, "max rel": far.maxRel },
      "nothing was written; unless the model's own outputs are not finite, please report this with the model",
    );
  return far;
}

/** One run: the same tokens under old and under new ids, all else the same. */
function texts(full: Model, { inputs, ids }: KeptVocabulary, run: number, random: Random) {
  const batch = declaredBatch(full) === undefined ? 1 : 1 + (run % 3);
  const old = randomInputs(full, batch, random, run % 2 === 0 ? {} : otherSizes(full));
  const now = { ...old };
  for (const name of inputs) {
    const { dtype, shape, data } = old[name];
    const chosen = Array.from({ length: data.length }, () => random.int(ids.length));
    const made = (numbers: readonly number[]): Tensor =>
      tensor(dtype, shape, dtype === "int64" ? BigInt64Array.from(numbers, BigInt) : Int32Array.from(numbers));
    old[name] = made(chosen.map((id) => ids[id]));
    now[name] = made(chosen);
  }
  return [old, now] as const;
}
