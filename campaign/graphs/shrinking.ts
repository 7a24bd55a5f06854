/** A model with zeros shrunk: it computes the same, it is no larger, and the files alone prove it. */
import {
  type Certificate,
  cost,
  EspalierError,
  groupSets,
  type Model,
  prove,
  read,
  type ShrinkOptions,
  shrink,
  write,
} from "espalier";
import { node } from "espalier/node";
import type { Random } from "../../src/math/random.ts";
import { pick } from "../mutate/pick.ts";
import { lacksKernel } from "../runtime.ts";
import { WrongResult } from "../suite.ts";
import { zeroed } from "./sparse-models.ts";

/** How random models are shrunk: one run at each of two batch sizes. */
export const shrinking: ShrinkOptions = { engine: node({ threads: 1 }), random: 1, batches: [1, 3] };

/** Why a model cannot be compared with anything: its own numbers, or a runtime that lacks a kernel for it; undefined for other reasons. */
export function incomparable(e: unknown): string | undefined {
  if (!(e instanceof EspalierError)) return undefined;
  if (/in the first model already/.test(e.message)) return "not finite";
  return lacksKernel(e.message) ? "no kernel" : undefined;
}

/** What became of a model. */
export interface ShrunkFiles {
  /** As they were read from their files. */
  readonly fullFile: Model;
  readonly smallFile: Model;
  readonly certificate: Certificate;
}

/** The model with half of its coupled groups at zero, of the consumers or of the producers. */
export function halfZero(full: Model, random: Random): Model {
  const side = pick(random, ["consumer", "producer"] as const);
  const sets = groupSets(full.graph, "coupled", { side });
  return zeroed(full, sets, () => random.uniform() < 0.5);
}

/**
 * @returns what became of it, or why it cannot be compared
 * @throws WrongResult where the small one is refused, computes something else, is larger, or is not proved
 */
export async function compareShrunk(
  full: Model,
  keep: (name: string, bytes: Uint8Array) => void,
): Promise<ShrunkFiles | string> {
  keep("full.onnx", write(full));
  const shrunk = await shrink(full, shrinking).catch((e: unknown) => {
    const why = incomparable(e);
    if (why !== undefined) return why;
    throw e instanceof EspalierError ? new WrongResult(e.message) : e;
  });
  if (typeof shrunk === "string") return shrunk;
  const { model: small, certificate } = shrunk;
  keep("small.onnx", write(small));
  if (cost(small).params > cost(full).params) throw new WrongResult("the small model is larger");
  const [fullFile, smallFile] = [full, small].map((m) => read(write(m)));
  const proof = await prove(fullFile, certificate, { small: smallFile });
  if (!proof.holds) throw new WrongResult(`from the files it is not proved: ${proof.problems[0]}`);
  return { fullFile, smallFile, certificate };
}
