/**
 * The evidence of a shrink: which slices of the full model's tensors went, and why that is sound. Deterministic; hashes
 * are SHA-256 of the models as Espalier writes them.
 */
import { EspalierError } from "../error.ts";
import type { Model } from "../graph/types.ts";
import { write } from "../onnx/write.ts";

export const FORMAT = "espalier-certificate-2";

/**
 * Why a slice may go. `unread`: every weight that reads it is zero, or what reads it goes too. `zero`: what it makes or
 * reads is always zero. `folded constant`: is always one number, which moved into the biases behind.
 */
export type Reason = "unread" | "zero" | "folded constant";

/** Slices of one tensor that went for one reason. */
export interface RemovedSlices {
  /** Steps build on each other: what one frees goes in the next. */
  readonly step: number;
  readonly tensor: string;
  /** null: the whole tensor, because nothing reads it any more. */
  readonly axis: number | null;
  /** In the full model, as ranges: "0-3,7"; "all" for a whole tensor. */
  readonly index: string;
  /** Number of slices; 1 for a whole tensor. */
  readonly count: number;
  readonly reason: Reason;
}

/** A value of the network that is constant as a whole. */
export interface Replacement {
  readonly value: string;
  /** What took its place: nothing (it was neutral), or a constant. */
  readonly by: "nothing" | "constant";
}

/** What was removed, and from what: `full` and `small` are the SHA-256 sums of the files. */
export interface Certificate {
  readonly format: typeof FORMAT;
  readonly full: string;
  readonly small: string;
  readonly removed: readonly RemovedSlices[];
  /** Values that are constant as a whole, and what took their place. */
  readonly replaced: readonly (Replacement & { readonly step: number })[];
  /** How many weights of the full model were subnormal and are 0 in the files; absent where there were none. */
  readonly flushed?: number;
  /** What was cut before: then `full` is what keeping these tokens alone makes of the model. */
  readonly vocabulary?: VocabularyCut;
}

/** The tokens that a model was left, and where they were counted. */
export interface VocabularyCut {
  /** SHA-256 of the model of all tokens. */
  readonly full: string;
  /** The old id of each new one, as ranges: "0-3,7". */
  readonly kept: string;
  /** How many tokens there were. */
  readonly tokens: number;
  /** One of the inputs that take ids. */
  readonly input: string;
  /** Outputs that count tokens by a weight of their own, and were named. */
  readonly outputs: readonly string[];
  /** Stored tensors that are smaller since. */
  readonly cut: readonly {
    readonly tensor: string;
    readonly axis: number;
    readonly before: number;
    readonly after: number;
  }[];
}

/** @throws EspalierError when it is not a certificate of this version; those of 0.1.0 are not */
export function checkFormat(claimed: Certificate): void {
  if (claimed?.format !== FORMAT || !Array.isArray(claimed.removed) || !Array.isArray(claimed.replaced))
    throw new EspalierError("invalid-file", "this is not a certificate", {
      got: String(claimed?.format),
      wanted: FORMAT,
    });
}

const digests = new WeakMap<Model, Promise<string>>();

/**
 * SHA-256 of a model as Espalier writes it, in hexadecimal.
 * @param bytes what is written of it, where that is at hand
 */
export function digest(model: Model, bytes?: Uint8Array): Promise<string> {
  const known = digests.get(model) ?? sha256(bytes ?? write(model));
  digests.set(model, known);
  return known;
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const hash = await globalThis.crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(hash), (b) => b.toString(16).padStart(2, "0")).join("");
}

/** [0, 1, 2, 5] → "0-2,5" */
export function ranges(indices: readonly number[]): string {
  const sorted = [...indices].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let i = 0; i < sorted.length; ) {
    let j = i;
    while (sorted[j + 1] === sorted[j] + 1) j++;
    parts.push(i === j ? `${sorted[i]}` : `${sorted[i]}-${sorted[j]}`);
    i = j + 1;
  }
  return parts.join(",");
}

/** "0-2,5" → [0, 1, 2, 5]; undefined when it is no such list of indices below `size`. */
export function indices(text: string, size: number): number[] | undefined {
  const found: number[] = [];
  for (const part of String(text).split(",")) {
    const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    if (from === undefined || Number(to) < Number(from) || Number(to) >= size) return undefined;
    for (let i = Number(from); i <= Number(to); i++) found.push(i);
  }
  return found;
}
