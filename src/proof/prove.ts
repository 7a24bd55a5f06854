/**
 * Proves a certificate from the full model alone, without the analysis that made it: forwards, which elements of every
 * value are constant for every input; backwards, on which elements an output depends. A slice may go when no output
 * depends on it but through a constant. Where there is an engine, both are tried as well. Assumes finite activations, so that 0 · x = 0.
 */

import type { Engine } from "../engine/engine.ts";
import { aModel, anEngine, anObject, maybe, wants } from "../given.ts";
import { atBatch, batchSymbol } from "../graph/bind.ts";
import { flushedModel } from "../graph/subnormal.ts";
import type { Model } from "../graph/types.ts";
import { write } from "../onnx/write.ts";
import { account } from "./account.ts";
import { type Certificate, checkFormat, digest } from "./certificate.ts";
import { judge, type Verdict } from "./claims.ts";
import { counts } from "./counts.ts";
import { type Probe, probe } from "./probe.ts";

/** What a check of a certificate found. */
export interface Proof {
  /**
   * Whether every claim is proved and the certificate is about these models. Of the small model, what it stores is compared, and
   * what its means divide by; where there is an engine, also what it computes on the random inputs of two runs. `verify` tries more.
   */
  readonly holds: boolean;
  /** Whether it is about this full model; if not, hardly a claim holds. */
  readonly sameModel: boolean;
  /** Number of claims, and how many of them are proved. */
  readonly claims: number;
  readonly proved: number;
  readonly verdicts: readonly Verdict[];
  /** Whether it ended early, since the model makes it take more steps than are allowed: what it did not come to is not proved. */
  readonly ended: boolean;
  /** What was tried, where there was an engine. */
  readonly probe?: Probe;
  /** What does not hold, one line each. */
  readonly problems: readonly string[];
}

/** What else a proof may look at. */
export interface ProveOptions {
  /** What became of the full model, to be compared with what the certificate leaves of it. */
  readonly small?: Model;
  /** Where to try, on random inputs, what was proved, and whether the small model computes the same. */
  readonly engine?: Engine;
}

/**
 * @param full the model that was shrunk
 * @throws EspalierError when the claim is not a certificate of this version
 */
export async function prove(full: Model, claimed: Certificate, options: ProveOptions = {}): Promise<Proof> {
  wants(
    "prove",
    ["full", aModel, full],
    ["claimed", anObject, claimed],
    ["options", anObject, options],
    ["small", maybe(aModel), options, "small"],
    ["engine", maybe(anEngine), options, "engine"],
  );
  return proveWith(write, full, claimed, { ...options, runsSmall: true });
}

/**
 * The same.
 * @param file the bytes of a model, until it is asked for the next ones
 * @param runsSmall whether the small model is run beside the full one. Default: somebody has compared them
 */
export async function proveWith(
  file: (model: Model) => Uint8Array,
  given: Model,
  claimed: Certificate,
  { small: givenSmall, engine, runsSmall = false }: ProveOptions & { readonly runsSmall?: boolean },
): Promise<Proof> {
  checkFormat(claimed);
  const { model: full, flushed } = flushedModel(given);
  const small = givenSmall && flushedModel(givenSmall).model;
  const hash = await digest(full);
  const found = judge(atBatch(full, 2), batchSymbol(full) === undefined ? undefined : atBatch(full, 3), claimed);
  const { verdicts } = found;
  const problems = verdicts.filter((v) => !v.proved).map((v) => `not proved: ${v.claim}: ${v.why}`);
  if (claimed.full !== hash) problems.unshift(`the full model has hash ${hash}, the certificate is of ${claimed.full}`);
  if (flushed > 0 && flushed !== claimed.flushed)
    problems.push(`${flushed} weights of the full model are subnormal, the certificate says ${claimed.flushed ?? 0}`); // its file has none
  if (small) {
    problems.push(...account(found, small, claimed), ...counts(found, small, claimed));
    const is = await digest(small);
    if (is !== claimed.small) problems.push(`the small model has hash ${is}, the certificate is of ${claimed.small}`);
  }
  const tried = engine && (await probe(full, found, claimed, engine, file, runsSmall ? small : undefined));
  problems.push(...(tried?.problems ?? []));
  return {
    holds: problems.length === 0,
    sameModel: claimed.full === hash,
    claims: verdicts.length,
    proved: verdicts.filter((v) => v.proved).length,
    verdicts,
    ended: found.ended,
    ...(tried && { probe: tried.probe }),
    problems,
  };
}
