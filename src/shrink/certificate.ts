/**
 * The evidence of a shrink: which slices of the full model's tensors went, and why that is sound. Deterministic; hashes
 * are SHA-256 of the models as Espalier writes them.
 */
import { EspalierError } from "../error.ts";
import type { Model } from "../graph/types.ts";
import { write } from "../onnx/write.ts";
import { reduce } from "./apply.ts";
import type { Replacement } from "./dead.ts";
import type { Reason } from "./plan.ts";

const FORMAT = "espalier-certificate-1";

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

/** What was removed, and from what: `full` and `small` are the SHA-256 sums of the files. */
export interface Certificate {
  readonly format: typeof FORMAT;
  readonly full: string;
  readonly small: string;
  readonly removed: readonly RemovedSlices[];
  /** Values that are constant as a whole, and what took their place. */
  readonly replaced: readonly (Replacement & { readonly step: number })[];
}

/** Shrinks without verification, and says what went. */
export async function certify(full: Model): Promise<{ model: Model; certificate: Certificate }> {
  const { model, removals, replacements } = reduce(full);
  const removed = removals.map(({ step, tensor, axis, indices, reason }) => ({
    step,
    tensor,
    axis,
    index: axis === null ? "all" : ranges(indices),
    count: axis === null ? 1 : indices.length,
    reason,
  }));
  const certificate: Certificate = {
    format: FORMAT,
    full: await digest(full),
    small: await digest(model),
    removed,
    replaced: replacements,
  };
  return { model, certificate };
}

/** What a check of a certificate found. */
export interface Replay {
  readonly holds: boolean;
  /** Whether it is about this full model; if not, hardly a claim holds. */
  readonly sameModel: boolean;
  /** Number of claims that were checked. */
  readonly claims: number;
  /** What does not hold, one line each. */
  readonly problems: readonly string[];
}

/**
 * Checks a certificate against the full model: every removal is recomputed from the full model's weights and compared
 * with the claim, and the hashes of both models are compared.
 * @param small the small model, when there is one to compare the hash of
 * @throws EspalierError when the claim is not a certificate
 */
export async function replay(full: Model, claimed: Certificate, small?: Model): Promise<Replay> {
  if (claimed?.format !== FORMAT || !Array.isArray(claimed.removed) || !Array.isArray(claimed.replaced))
    throw new EspalierError("this is not a certificate", { got: String(claimed?.format), wanted: FORMAT });
  const problems: string[] = [];
  const { certificate: found } = await certify(full);
  const sameModel = claimed.full === found.full;
  const differ = (what: string, got: string, wanted: string) => {
    if (got !== wanted) problems.push(`${what}: the certificate says ${got}, recomputing gives ${wanted}`);
  };
  differ("hash of the full model", claimed.full, found.full);
  compare(claimed.removed.map(removalText), found.removed.map(removalText), problems);
  compare(claimed.replaced.map(replacementText), found.replaced.map(replacementText), problems);
  differ("hash of the small model", claimed.small, found.small);
  if (small) {
    const hash = await digest(small);
    if (hash !== claimed.small)
      problems.push(`the small model has hash ${hash}, the certificate is of ${claimed.small}`);
  }
  return {
    holds: problems.length === 0,
    sameModel,
    claims: claimed.removed.length + claimed.replaced.length,
    problems,
  };
}

const removalText = ({ step, tensor, axis, index, reason }: RemovedSlices) =>
  `step ${step}: ${tensor} axis ${axis ?? "—"} index ${index} (${reason})`;
const replacementText = ({ step, value, by }: Replacement & { step: number }) => `step ${step}: ${value} by ${by}`;

function compare(claimed: readonly string[], found: readonly string[], problems: string[]): void {
  const [c, f] = [new Set(claimed), new Set(found)];
  for (const x of c) if (!f.has(x)) problems.push(`not sound, or not so: ${x}`);
  for (const x of f) if (!c.has(x)) problems.push(`not in the certificate: ${x}`);
}

/** SHA-256 of a model as Espalier writes it, in hexadecimal. */
async function digest(model: Model): Promise<string> {
  const hash = await globalThis.crypto.subtle.digest("SHA-256", new Uint8Array(write(model)));
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
