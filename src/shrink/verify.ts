/** Whether two models compute the same function: both run on the same inputs, random and given. */

import { checkInteger } from "../checks.ts";
import { type Engine, type EngineTensor, loaded, runOnce } from "../engine/engine.ts";
import { EspalierError, UsageError } from "../error.ts";
import { aList, aModel, anEngine, anObject, maybe, wants } from "../given.ts";
import { bind, declaredBatch, otherSizes } from "../graph/bind.ts";
import { wrongNumbers } from "../graph/finite.ts";
import { checkRunMemory } from "../graph/run-memory.ts";
import { typeText } from "../graph/tensor.ts";
import type { Dim, Model, Tensor, Value } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import { write } from "../onnx/write.ts";
import { randomInputs } from "../proof/random-inputs.ts";
import { tensorDifference } from "../proof/tensor-difference.ts";

/** Input tensors by name; one run. */
export type Inputs = Readonly<Record<string, EngineTensor>>;

/** Options of `verify`. */
export interface VerifyOptions {
  readonly engine: Engine;
  /** Real inputs to compare on, one run each, beside the random ones. */
  readonly inputs?: readonly Inputs[];
  /** Largest relative error at which the models still agree. Default 1e-4. */
  readonly tolerance?: number;
  /** Random runs per batch size. Default 4. */
  readonly random?: number;
  /** Batch sizes of the random runs (where the batch axis is dynamic). Default [1, 3]. */
  readonly batches?: readonly number[];
  readonly seed?: number;
}

/** How far two models are apart. */
export interface Verification {
  readonly agree: boolean;
  /** Largest max|a − b| over all outputs and runs. */
  readonly maxAbs: number;
  /** Largest max|a − b| / max(1e-6, max|a|) over all outputs and runs. */
  readonly maxRel: number;
  readonly tolerance: number;
  /** Number of runs, and how many of them were on given inputs. */
  readonly runs: number;
  readonly given: number;
  /** Why the models do not agree. */
  readonly reason?: string;
}

/**
 * Compares two models, b against a.
 * @throws UsageError when a tolerance or an input is not valid; EspalierError when the first takes too much memory to be run on random
 *   inputs: more than 256 MiB and 1 KiB for each byte of its inputs and stored tensors
 */
export async function verify(a: Model, b: Model, options: VerifyOptions): Promise<Verification> {
  wants(
    "verify",
    ["a", aModel, a],
    ["b", aModel, b],
    ["options", anObject, options],
    ["engine", anEngine, options, "engine"],
    ["inputs", maybe(aList), options, "inputs"],
    ["batches", maybe(aList), options, "batches"],
  );
  return compareModels(a, b, options, write, [["first", a] as const, ["second", b] as const]);
}

/**
 * The same.
 * @param file the bytes of a model; asked for when it is loaded, and not kept
 * @param unchecked the models whose stored numbers may be none
 */
export async function compareModels(
  a: Model,
  b: Model,
  options: VerifyOptions,
  file: (model: Model) => Uint8Array | Promise<Uint8Array>,
  unchecked: readonly (readonly [which: string, model: Model])[],
): Promise<Verification> {
  const comparison = comparisonOf(a, options);
  const none = { maxAbs: 0, maxRel: 0, tolerance: comparison.tolerance, runs: 0, given: 0 };
  const mismatch = signature(a, b);
  if (mismatch) return { agree: false, ...none, reason: mismatch };
  for (const [which, { graph }] of unchecked) {
    const wrong = wrongNumbers(graph);
    if (wrong)
      return {
        agree: false,
        ...none,
        reason: `the ${which} model itself holds ${wrong.is}: ${wrong.tensor} at ${wrong.at}, ${wrong.share}`,
      };
  }
  return compareBytes(
    () => file(a),
    () => file(b),
    comparison,
  );
}

/** What two files are run on, and how far they may be apart. */
interface Comparison {
  readonly engine: Engine;
  readonly runs: readonly Inputs[];
  /** How many of the runs are on given inputs. */
  readonly given: number;
  readonly tolerance: number;
}

/**
 * The runs that options ask for, on a model's inputs.
 * @throws UsageError when a tolerance or an input is not valid
 */
export function comparisonOf(model: Model, options: VerifyOptions): Comparison {
  const { engine, inputs = [], tolerance = 1e-4, random = 4, batches = [1, 3], seed = 0 } = options;
  if (!(tolerance >= 0)) throw new UsageError("out-of-range", "tolerance must not be negative", { got: tolerance });
  checkInteger("random", random, 0);
  checkInteger("seed", seed, Number.MIN_SAFE_INTEGER);
  for (const n of batches) checkInteger("batches", n, 1);
  for (const run of inputs) checkInputs(model, run);
  const others = otherSizes(model);
  const free = declaredBatch(model);
  const largest = free === undefined ? {} : { [free]: Math.max(1, ...batches) };
  if (random > 0) for (const sizes of [{}, others]) checkRunMemory(bind(model, { ...sizes, ...largest }));
  const randomRuns = (free === undefined ? batches.slice(0, 1) : batches).flatMap((n) =>
    Array.from({ length: random }, (_, i) =>
      randomInputs(model, n, new Random(seed, "verify", n, i), i % 2 === 0 ? {} : others),
    ),
  );
  return { engine, runs: [...randomRuns, ...inputs], given: inputs.length, tolerance };
}

/**
 * So many bytes of outputs of the first file are kept until the second runs: up to there they are not in memory side by side, which
 * for most networks takes more than their outputs.
 */
const MOST_KEPT = 2 ** 26;

/** Makes the bytes of a file. */
type File = () => Uint8Array | Promise<Uint8Array>;

/** Compares two files, b against a. Each is asked for when it is loaded, and not kept. */
export async function compareBytes(
  a: File,
  b: File,
  { engine, runs, given, tolerance }: Comparison,
): Promise<Verification> {
  const difference = new Difference(tolerance);
  const first = ran(engine, a, runs);
  try {
    const kept: Outputs[] = [];
    for (let bytes = 0; bytes < MOST_KEPT; ) {
      const next = await first.next();
      if (next.done) break;
      kept.push(next.value);
      for (const { data } of Object.values(next.value)) bytes += data.byteLength;
    }
    for await (const y of ran(engine, b, runs)) {
      const x = kept.shift() ?? (await first.next()).value;
      if (x) difference.add(x, y);
    }
  } finally {
    await first.return(undefined);
  }
  const { maxAbs, maxRel, reason } = difference;
  const result = { agree: reason === undefined, maxAbs, maxRel, tolerance, runs: runs.length, given };
  return reason === undefined ? result : { ...result, reason };
}

type Outputs = Readonly<Record<string, EngineTensor>>;

/** What a file computes, run by run; its session ends with the last one. */
async function* ran(engine: Engine, file: File, runs: readonly Inputs[]): AsyncGenerator<Outputs, undefined> {
  const session = await loaded(engine, file);
  try {
    for (const feeds of runs) yield await runOnce(session, engine, feeds);
  } finally {
    await session.release();
  }
  return undefined;
}

/** How far apart the outputs are that were compared. */
class Difference {
  maxAbs = 0;
  maxRel = 0;
  private readonly tolerance: number;
  private first: string | undefined;
  private worst: { readonly name: string; readonly rel: number } | undefined;

  constructor(tolerance: number) {
    this.tolerance = tolerance;
  }

  add(x: Outputs, y: Outputs): void {
    for (const name of Object.keys(x)) {
      const e = tensorDifference(x[name], y[name]);
      this.maxAbs = Math.max(this.maxAbs, e.abs);
      this.maxRel = Math.max(this.maxRel, e.rel);
      if (e.rel > (this.worst?.rel ?? this.tolerance)) this.worst = { name, rel: e.rel };
      this.first ??= e.reason && `output "${name}" ${e.reason}`;
    }
  }

  /** Why the models do not agree. */
  get reason(): string | undefined {
    const { first, worst } = this;
    return first ?? (worst && `output "${worst.name}" differs by ${worst.rel.toPrecision(3)} relative`);
  }
}

/** What makes two models incomparable, or undefined. */
function signature(a: Model, b: Model): string | undefined {
  const text = (m: Model, v: Value) => `${v.dtype}[${(m.dims.get(v.name) ?? v.shape).map(dimText).join(",")}]`;
  for (const side of ["inputs", "outputs"] as const) {
    const [x, y] = [a.graph[side], b.graph[side]];
    const names = (vs: readonly Value[]) => vs.map((v) => `"${v.name}"`).join(", ") || "none";
    if (x.length !== y.length || x.some((v) => !y.some((w) => w.name === v.name)))
      return `the ${side} are ${names(y)}, not ${names(x)}`;
    for (const v of x) {
      const w = y.find((u) => u.name === v.name)!;
      if (text(a, v) !== text(b, w)) return `${side.slice(0, -1)} "${v.name}" is ${text(b, w)}, not ${text(a, v)}`;
    }
  }
  return undefined;
}

/** Names of dynamic axes do not matter. */
const dimText = (d: Dim) => (typeof d === "number" ? d : "?");

function checkInputs(model: Model, run: Inputs): void {
  for (const v of model.graph.inputs) {
    const t = run[v.name];
    if (!t) throw new UsageError("missing", `input "${v.name}" was not given`, { got: Object.keys(run).join(", ") });
    const dims = model.dims.get(v.name) ?? v.shape;
    const fits = t.shape.length === dims.length && dims.every((d, i) => typeof d === "string" || d === t.shape[i]);
    if (t.dtype !== v.dtype || !fits)
      throw new EspalierError("mismatch", `a given input does not fit the model`, {
        input: v.name,
        got: typeText(t as Tensor),
        wanted: `${v.dtype}[${dims.map(dimText).join(",")}]`,
      });
  }
}
