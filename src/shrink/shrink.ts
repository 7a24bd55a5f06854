/** Shrinks a model: removes what is exactly zero or constant, and proves that the function is the same. */

import { checkInteger } from "../checks.ts";
import { EspalierError } from "../error.ts";
import { aModel, anEngine, anObject, wants } from "../given.ts";
import { checkWeights } from "../graph/finite.ts";
import { flushedModel } from "../graph/subnormal.ts";
import type { Model } from "../graph/types.ts";
import { FileMemory } from "../onnx/file-memory.ts";
import { type Certificate, digest } from "../proof/certificate.ts";
import { type Proof, proveWith } from "../proof/prove.ts";
import { reduce } from "./apply.ts";
import { certificateOf } from "./certificate.ts";
import { compareModels, type Verification, type VerifyOptions } from "./verify.ts";

/** Options of `shrink`: how the result is verified, and what is cut. */
export interface ShrinkOptions extends VerifyOptions {
  /** Widths that lose channels stay multiples of this, where they are that wide: kernels run those faster. Default 1. */
  readonly roundTo?: number;
}

/** A small model and why it may stand for the full one. */
export interface Shrunk {
  readonly model: Model;
  readonly certificate: Certificate;
  /** Of the certificate: every claim holds. */
  readonly proof: Proof;
  readonly verification: Verification;
}

/**
 * The model without the channels that nobody reads or that carry a constant. Inputs, outputs, the dynamic batch axis,
 * opset, metadata and the names of the tensors that stay are kept; the model given is not changed. Subnormal weights count as the
 * zeros that files have in their place (`write`); the certificate says how many there were.
 * @throws EspalierError when a stored number is NaN or infinite; when the small model does not agree with the full one, or a removal is not proved; nothing is
 *   returned then
 */
export async function shrink(given: Model, options: ShrinkOptions): Promise<Shrunk> {
  wants("shrink", ["model", aModel, given], ["options", anObject, options], ["engine", anEngine, options, "engine"]);
  const { roundTo = 1, ...verifying } = options;
  checkInteger("roundTo", roundTo, 1);
  checkWeights(given.graph);
  const { model, flushed } = flushedModel(given);
  const reduced = reduce(model, roundTo);
  const small = reduced.model;
  const memory = new FileMemory();
  const hashed = async (m: Model) => {
    const bytes = memory.write(m);
    await digest(m, bytes);
    return bytes;
  };
  const verification = await compareModels(model, small, verifying, hashed, [["second", small]]);
  if (!verification.agree)
    throw new EspalierError(
      "disagree",
      "the shrunk model does not agree with the full one",
      { reason: verification.reason, "max abs": verification.maxAbs, "max rel": verification.maxRel },
      "nothing was written; unless the full model's own outputs are not finite, please report this with the model",
    );
  const certificate = await certificateOf(model, reduced, flushed);
  const proof = await proveWith(memory.write, model, certificate, { small, engine: options.engine });
  if (!proof.holds && proof.ended)
    throw new EspalierError(
      "too-large",
      "it takes more steps than are allowed to prove the removals",
      { reason: proof.problems[0], proved: `${proof.proved} of ${proof.claims}` },
      "nothing was written; export the model with fewer operators for the same weights",
    );
  if (!proof.holds)
    throw new EspalierError(
      "disagree",
      "a removal is not proved",
      { reason: proof.problems[0], proved: `${proof.proved} of ${proof.claims}` },
      "nothing was written; please report this with the model",
    );
  return { model: small, certificate, proof, verification };
}
