/**
 * A file of training that draws random numbers, as what it is in evaluation. Stochastic depth, and a dropout that is written out, multiply by
 * a mask that is drawn: 1 with some probability, else 0, often divided by that probability. In evaluation the factor is its
 * mean, which mostly is 1. Only where that is all that is done with what is drawn; other draws stay, and are refused by name.
 */
import type { Tensor } from "../graph/types.ts";
import { numberIn } from "./attributes.ts";
import type { FileStep } from "./file-step.ts";
import type { Parsed } from "./parse.ts";
import { valuesOf } from "./tensors.ts";
import { withSteps } from "./with-steps.ts";

/** What is known of a value that is drawn: even between two numbers; or one number with a probability, else 0. */
type Draw =
  | { readonly least: number; readonly most: number }
  | { readonly times: number; readonly probability: number };

/** A node that multiplies by a mask. */
export interface Unmasked {
  readonly node: string;
  /** With which probability something stays. */
  readonly probability: number;
}

const isMask = (d: Draw | undefined): d is Extract<Draw, { probability: number }> => !!d && "probability" in d;

/** Of a number that is even between two others: with which probability it is below a third. */
const below = ({ least, most }: { readonly least: number; readonly most: number }, x: number): number =>
  Math.min(1, Math.max(0, (x - least) / (most - least)));

/** A node's operands: what is drawn, else the one number that each stored one is. */
interface Operands {
  readonly drawn: readonly (Draw | undefined)[];
  readonly numbers: readonly (number | undefined)[];
  readonly proto: FileStep["proto"];
}

type Rule = (o: Operands) => Draw | undefined;

/** A comparison of a draw with a number, either way round. */
const compared =
  (drawnIsLess: boolean): Rule =>
  ({ drawn, numbers }) => {
    const at = drawn[0] ? 0 : 1;
    const [d, x] = [drawn[at], numbers[1 - at]];
    if (!d || isMask(d) || x === undefined) return undefined;
    const less = drawnIsLess === (at === 0);
    return { times: 1, probability: less ? below(d, x) : 1 - below(d, x) };
  };

const same: Rule = ({ drawn: [d] }) => d;

const moved =
  (sign: 1 | -1): Rule =>
  ({ drawn, numbers }) => {
    const at = drawn[0] ? 0 : 1;
    const [d, x] = [drawn[at], numbers[1 - at]];
    if (!d || isMask(d) || x === undefined || (sign < 0 && at === 1)) return undefined;
    return { least: d.least + sign * x, most: d.most + sign * x };
  };

const scaled = (d: Draw | undefined, by: number): Draw | undefined => {
  if (!d || !(by > 0 && Number.isFinite(by))) return undefined;
  return isMask(d) ? { ...d, times: d.times * by } : { least: d.least * by, most: d.most * by };
};

const even: Rule = ({ proto }) => ({ least: numberIn(proto, "low", 0), most: numberIn(proto, "high", 1) });

const rules: Readonly<Record<string, Rule>> = {
  RandomUniform: even,
  RandomUniformLike: even,
  Bernoulli: ({ numbers: [p] }) => (p !== undefined && p >= 0 && p <= 1 ? { times: 1, probability: p } : undefined),
  Less: compared(true),
  LessOrEqual: compared(true),
  Greater: compared(false),
  GreaterOrEqual: compared(false),
  Not: ({ drawn: [d] }) => (isMask(d) ? { ...d, probability: 1 - d.probability } : undefined),
  Add: moved(1),
  Sub: moved(-1),
  /** p + u, of which the whole part is taken. */
  Floor: ({ drawn: [d] }) =>
    d && !isMask(d) && d.least >= 0 && d.most <= 2 ? { times: 1, probability: 1 - below(d, 1) } : undefined,
  Mul: ({ drawn, numbers }) => scaled(drawn[0] ?? drawn[1], numbers[drawn[0] ? 1 : 0] ?? Number.NaN),
  Div: ({ drawn, numbers }) => (drawn[1] ? undefined : scaled(drawn[0], 1 / (numbers[1] ?? Number.NaN))),
  Cast: same,
  Identity: same,
  Reshape: same,
  Unsqueeze: same,
  Squeeze: same,
  Expand: same,
};

const only = (t: Tensor): number | undefined => {
  const [first, ...others] = t.data.length <= MOST_ALIKE ? valuesOf(t) : [];
  return others.every((x) => x === first) ? first : undefined;
};
const MOST_ALIKE = 2 ** 16;

/** The numbers that values are everywhere, of those that are stored. */
function storedNumber(parsed: Parsed): (name: string) => number | undefined {
  const constants = new Map(parsed.steps.filter((s) => s.op === "Constant").map((s) => [s.outputs[0], s.attrs]));
  return (name) => {
    const held = parsed.initializers.get(name);
    if (held) return only(held);
    const { value, value_float } = constants.get(name) ?? {};
    if (typeof value_float === "number") return value_float;
    return typeof value === "object" && "dtype" in value ? only(value) : undefined;
  };
}

/** How far from 1 a mean may be that is 1. */
const ROUNDING = 1e-5;

/** What of a node is multiplied by a mask, and the mask's mean; undefined where that is not what it does. */
function masked(
  { op, inputs }: FileStep,
  drawn: readonly (Draw | undefined)[],
  numbers: readonly (number | undefined)[],
) {
  const [a, b, c] = drawn;
  if (op === "Mul" && isMask(a) !== isMask(b)) {
    const mask = isMask(a) ? a : (b as Extract<Draw, { probability: number }>);
    return { of: inputs[isMask(a) ? 1 : 0], mask, mean: mask.times * mask.probability };
  }
  if (op !== "Where" || !isMask(a) || b || c) return undefined;
  if (numbers[2] === 0) return { of: inputs[1], mask: a, mean: a.probability };
  return numbers[1] === 0 ? { of: inputs[2], mask: a, mean: 1 - a.probability } : undefined;
}

/** The file without masks that are drawn; the same file where it draws none. */
export function withoutDraws(parsed: Parsed): Parsed {
  const standard = (s: FileStep) => s.domain === "";
  if (!parsed.steps.some((s) => standard(s) && STARTS.has(s.op))) return parsed;
  const numberOf = storedNumber(parsed);
  const draws = new Map<string, Draw>();
  const initializers = new Map(parsed.initializers);
  const unmasked: Unmasked[] = [];
  const steps = parsed.steps.map((step) => {
    const drawn = step.inputs.map((x) => draws.get(x));
    if (!standard(step) || !(STARTS.has(step.op) || drawn.some(Boolean))) return step;
    const numbers = step.inputs.map((x, i) => (drawn[i] ? undefined : numberOf(x)));
    const draw = Object.hasOwn(rules, step.op) ? rules[step.op]({ drawn, numbers, proto: step.proto }) : undefined;
    if (draw) {
      draws.set(step.outputs[0], draw);
      return step;
    }
    const found = masked(step, drawn, numbers);
    if (!found) return step;
    unmasked.push({ node: step.name, probability: found.mask.probability });
    if (Math.abs(found.mean - 1) <= ROUNDING) return { ...step, op: "Identity", inputs: [found.of], attrs: {} };
    const mean = `${step.outputs[0]}/mean`;
    initializers.set(mean, { dtype: "float32", shape: [], data: Float32Array.of(found.mean) });
    return { ...step, op: "Mul", inputs: [found.of, mean], attrs: {} };
  });
  if (unmasked.length === 0) return parsed;
  const kept = withoutUnread(steps, parsed.outputs, (s) => STARTS.has(s.op) || s.inputs.some((x) => draws.has(x)));
  return { ...withSteps(parsed, kept, initializers), unmasked };
}

const STARTS: ReadonlySet<string> = new Set(["RandomUniform", "RandomUniformLike", "Bernoulli"]);

/** The steps but for those that only served what nobody reads any more. @param may which of them may go */
function withoutUnread(
  steps: readonly FileStep[],
  outputs: readonly string[],
  may: (s: FileStep) => boolean,
): FileStep[] {
  const read = new Set(outputs);
  const kept = steps.toReversed().filter((s) => {
    if (may(s) && !s.outputs.some((o) => read.has(o))) return false;
    for (const x of s.inputs) read.add(x);
    return true;
  });
  return kept.reverse();
}
