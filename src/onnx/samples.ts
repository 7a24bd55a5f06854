/**
 * Files made for one sample, looked at with more of them: what an exporter wrote as the number 1, or counted into another number, follows
 * the samples then (rebatch-rules.ts). Where a node mixes samples, or loses them, the file stays what it is, and the node is named.
 */
import { EspalierError } from "../error.ts";
import { size } from "../graph/tensor.ts";
import type { Shape } from "../graph/types.ts";
import type { Step } from "./canonical.ts";

/** What a value is in the file as it is, for one sample, and now, for several. */
export interface Samples {
  one(name: string): Shape;
  now(name: string): Shape;
  /** On the axis along which a value grew: how much of it, for one sample, stands before the samples. 7 where 7 · N are 7 times N. */
  readonly before: Map<string, number>;
  /** Values of which nothing told where samples stand: `before` says 1, as far as is known. */
  readonly guessed: Set<string>;
  /** Shapes, for one sample, of values that the file does not have. */
  readonly added: Map<string, Shape>;
}

/** The axis along which a value grew with the samples; undefined: none did. */
export function grown(name: string, { one, now }: Samples): number | undefined {
  const [a, b] = [one(name), now(name)];
  const axes = b.flatMap((d, i) => (d === a[i] ? [] : [i]));
  if (axes.length > 1)
    throw new EspalierError("unsupported", "samples come to lie on two axes of a value", {
      value: name,
      got: `[${b}] for several, [${a}] for one`,
    });
  return axes[0];
}

export const product = (dims: readonly number[], end: number): number => size(dims.slice(0, end));

/** What only measures its input knows nothing of samples. */
const MEASURES = new Set(["Shape", "Size"]);

/**
 * Checks that a step keeps samples apart as far as shapes tell: what comes of several is several, as often as they are.
 * @throws EspalierError naming the node
 */
export function checkApart(step: Step, samples: Samples, count: number): void {
  const x = step.inputs.find((v) => v && grown(v, samples) !== undefined);
  if (x === undefined || MEASURES.has(step.op)) return;
  for (const o of step.outputs) {
    if (!o) continue;
    const k = grown(o, samples);
    if (k === undefined || samples.now(o)[k] !== count * samples.one(o)[k])
      throw new EspalierError(
        "unsupported",
        `${step.op} joins samples`,
        { node: step.name, got: `[${samples.now(o)}] for ${count}, [${samples.one(o)}] for one` },
        "export the model with a dynamic batch axis",
      );
    const before = within(step, x, o, samples);
    samples.before.set(o, before ?? 1);
    if (before === undefined || samples.guessed.has(x)) samples.guessed.add(o);
  }
}

/** What only gives another shape to the same row of numbers. */
const SAME_ORDER = new Set(["Reshape", "Flatten", "Squeeze", "Unsqueeze"]);

/** Where samples stand on their axis of an output, as `Samples.before` says; undefined where nothing tells. */
function within({ op }: Step, x: string, o: string, samples: Samples): number | undefined {
  const [from, to] = [samples.one(x), samples.one(o)];
  const [k, j] = [grown(x, samples)!, grown(o, samples)!];
  const own = samples.before.get(x) ?? 1;
  if (!SAME_ORDER.has(op)) return from[k] === to[j] ? own : undefined;
  const offset = (product(from, k) * own) / product(to, j);
  return Number.isInteger(offset) ? offset : undefined;
}
