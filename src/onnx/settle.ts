/** A file at its sizes: read at several of those that it leaves free, so that what follows them is told from what does not. */
import { EspalierError } from "../error.ts";
import type { Dim, FreeSizes } from "../graph/types.ts";
import { forAnySize } from "./any-size.ts";
import {
  atOneLength,
  type Free,
  freeSizes,
  nothingFree,
  ofOneSample,
  waysToBind,
  waysToName,
  withFreeBatch,
} from "./free-sizes.ts";
import { withScalar } from "./measured-scalars.ts";
import type { Parsed } from "./parse.ts";
import { storedNumbers } from "./stored-numbers.ts";
import { type Binding, type TracedStep, trace } from "./trace.ts";

/** A file as it is at any sizes that it allows. */
export interface Settled {
  readonly steps: readonly SettledStep[];
  /** Dimensions of outputs that the file does not declare. */
  dimsOf(name: string): readonly Dim[];
  readonly sizes: FreeSizes;
  /** At which sizes the graph is made. */
  readonly binding: Binding;
}

/** A step that holds at all sizes. */
export type SettledStep = Pick<TracedStep, "from" | "folded" | "step">;

/**
 * Read at several sizes.
 * @param ofOne the file was made for one sample, and may not be true of more
 */
function anySize(parsed: Parsed, free: Free, bindings: readonly Binding[], ofOne: boolean): Settled {
  const look = (b: Binding) => trace(parsed, b, ofOne ? trace(parsed, ofOneSample(b, free.batch)) : undefined);
  const looks = { traced: bindings.map(look), axes: free.axes };
  const [first] = looks.traced;
  const steps = first.steps.map(({ from, folded }, i): SettledStep => {
    const each = looks.traced.map((t) => t.steps[i]);
    return { from, folded, step: withScalar(forAnySize(each, looks), each) };
  });
  const dimsOf = (name: string) =>
    first.types.get(name)!.shape.map((_, axis) => {
      const lengths = looks.traced.map((t) => t.types.get(name)!.shape[axis]);
      const is = (of: readonly (number | undefined)[]) => lengths.every((n, k) => n === of[k]);
      if (is(lengths.map(() => lengths[0]))) return lengths[0];
      return [...bindings[0].sizes.keys()].find((s) => is(bindings.map((b) => b.sizes.get(s)))) ?? "?";
    });
  const sizes = { axes: free.axes, batch: free.batch, tried: bindings.map((b) => b.sizes) };
  return { steps, dimsOf, sizes, binding: ofOneSample(bindings[0], free.batch) };
}

/** Read at the sizes that the file has. */
function asDeclared(parsed: Parsed): Settled {
  const free = nothingFree(parsed);
  const binding = { axes: free.axes, sizes: new Map<string, number>(), batch: 1 };
  const { steps, types } = trace(parsed, binding);
  const plain = steps.map((s) => {
    const { follows: _, ...step } = s.step;
    return { from: s.from, folded: s.folded, step: withScalar(step, [s]) };
  });
  const sizes = { axes: free.axes, batch: undefined, tried: [] };
  return { steps: plain, dimsOf: (name) => types.get(name)!.shape, sizes, binding };
}

/** Says, beside what went wrong, that it did so at other sizes than the file may have been made for. */
function whenDynamic(e: EspalierError, parsed: Parsed, tried: readonly Binding[]): EspalierError {
  const declared = [...parsed.inputs].map(([name, { dims }]) => `${name} [${dims.join(", ")}]`).join(", ");
  const symbols = [...tried[0].sizes.keys()];
  const beyondBatch = symbols.length > 1;
  const fix = beyondBatch
    ? "export the model with fixed sizes on all axes but the batch"
    : "export the model so that all of it follows the batch size, or with a fixed batch";
  const sizes = symbols.map((s) => `${s} ${tried.map((b) => b.sizes.get(s)).join(", ")}`);
  return new EspalierError(e.code, e.what, { ...e.details, declared, tried: sizes.join("; ") }, e.fix ?? fix);
}

/** The first way to bind free sizes at which the file can be read; else what went wrong, best not with the sizes alone. */
function firstWay(parsed: Parsed, frees: readonly Free[], ofOne: boolean): Settled | EspalierError {
  let wrong: EspalierError | undefined;
  for (const free of frees)
    for (const bindings of waysToBind(free))
      try {
        return anySize(parsed, free, bindings, ofOne);
      } catch (e) {
        if (!(e instanceof EspalierError)) throw e;
        if (!wrong || wrong.code === "mismatch") wrong = whenDynamic(e, parsed, bindings);
      }
  return wrong ?? new EspalierError("mismatch", "the file stores no length", {});
}

/** With the sizes free that the file leaves free; where it is true at one length only, at that. */
function asNamed(parsed: Parsed): Settled {
  const ways = waysToName(parsed);
  const settled = firstWay(parsed, ways, false);
  if (!(settled instanceof EspalierError)) return settled;
  if (settled.code !== "mismatch" || ways[0].others.length === 0) throw settled;
  const fixed = firstWay(parsed, atOneLength(ways[0], storedNumbers(parsed)), false);
  if (fixed instanceof EspalierError) throw settled;
  return fixed;
}

/** With the sizes free that the file leaves free; and with any number of samples, although it has one, where that can be. */
export function settle(parsed: Parsed): Settled {
  const dynamic = [...parsed.inputs.values()].some(({ dims }) => dims.some((d) => typeof d === "string"));
  const declared = dynamic ? asNamed(parsed) : asDeclared(parsed);
  const inputs = withFreeBatch(parsed.inputs);
  if (!inputs) return declared.sizes.batch === undefined ? withReason(declared, NO_SAMPLE) : declared;
  const several = firstWay(parsed, [freeSizes({ inputs }, true)], true);
  if (!(several instanceof EspalierError)) return { ...several, dimsOf: declared.dimsOf };
  const { node, value } = several.details;
  return withReason(declared, `${several.what}${(node ?? value) ? ` (${node ?? value})` : ""}`);
}

const NO_SAMPLE = "the first axis of no input is free, or 1";
const withReason = (settled: Settled, fixed: string): Settled => ({ ...settled, sizes: { ...settled.sizes, fixed } });
