/**
 * Reverse-mode differentiation, graph → graph: emits the nodes that compute ∂loss/∂v into the builder that already
 * holds the forward nodes. What an operator's derivative is stands in rules/; this walker names no operator. It visits
 * the nodes between `wrt` and `loss`, last first, and sums gradients over uses. A rule may emit more than is needed:
 * `withoutUnread` drops what nobody reads.
 */
import { EspalierError } from "../error.ts";
import type { Builder } from "../graph/builder.ts";
import { reshape } from "../graph/emit.ts";
import { patternsOf } from "../graph/name-patterns.ts";
import { broadcast } from "../graph/op.ts";
import { isFloat, size, typeText } from "../graph/tensor.ts";
import type { Node, Value } from "../graph/types.ts";
import { expand, scale, sum, sumTo } from "./fit.ts";
import { applyRule } from "./rules/apply.ts";
import { zerosAs } from "./rules/indexing.ts";

/** A gradient that is written out for a value, instead of derived from the nodes that compute it. */
export interface Override {
  /** What the value is regarded as a function of. */
  readonly inputs: readonly Value[];
  /** @returns one gradient per input */
  readonly rule: (dy: Value) => readonly (Value | null)[];
}

/** One step back: from a node's outputs to its inputs. */
interface Step {
  readonly node: Node;
  readonly inputs: readonly (Value | null)[];
  readonly override: Override | undefined;
}

/**
 * The gradients of a scalar, emitted into `g`.
 * @param g a builder that holds the nodes of `loss`
 * @param loss one float element
 * @param wrt values of `g`: parameters, inputs or anything in between
 * @param overrides gradients that are written out, by the value they belong to
 * @returns a gradient of the shape of its value for every one of `wrt`: zeros where the loss does not depend on it
 * @throws EspalierError when an operator in between has no rule; it names the node and the path to the loss
 */
export function backward(
  g: Builder,
  loss: Value,
  wrt: readonly Value[],
  overrides: ReadonlyMap<Value, Override> = new Map(),
): Map<Value, Value> {
  for (const v of [loss, ...wrt])
    if (!isFloat(v.dtype))
      throw new EspalierError("unsupported", "only floats have gradients", { value: v.name, got: typeText(v) });
  if (size(loss.shape) !== 1)
    throw new EspalierError("unsupported", "only a single number can be differentiated", {
      value: loss.name,
      got: typeText(loss),
    });

  const steps = g.build().nodes.map((node): Step => {
    const override = node.outputs[0] ? overrides.get(node.outputs[0]) : undefined;
    return { node, override, inputs: override?.inputs ?? node.inputs };
  });
  const open = dependents(steps, wrt);
  const parts = new Map<Value, Value[]>([[loss, [reshape(g, g.scalar(1, loss.dtype), loss.shape)]]]);
  const readers = new Map<Value, Node>();
  /** The gradient of a value all of whose uses have been visited; it may still broadcast to the value's shape. */
  const gradient = (v: Value | null): Value | null => {
    if (!v || !parts.has(v)) return null;
    const total = sum(g, parts.get(v)!);
    parts.set(v, [total]);
    return total;
  };

  for (const step of steps.reverse()) {
    const { node, inputs } = step;
    if (!inputs.some((x) => x && open.has(x)) || !node.outputs.some((o) => o && parts.has(o))) continue;
    g.scope(node.name, () => {
      const dx = stepBack(g, step, node.outputs.map(gradient), open, (without) =>
        noRule(node, without, pathToLoss(node, readers), sources(node, steps, wrt), wrt),
      );
      dx.forEach((part, i) => {
        const x = inputs[i];
        if (!part || !x) return;
        if (!parts.has(x)) readers.set(x, node);
        parts.set(x, [...(parts.get(x) ?? []), part]);
      });
    });
  }
  return new Map(
    wrt.map((v) => {
      const dv = gradient(v);
      return [v, dv ? expand(g, dv, v.shape) : zerosAs(g, v)];
    }),
  );
}

/** The floats that depend on one of `wrt`. */
function dependents(steps: readonly Step[], wrt: readonly Value[]): Set<Value> {
  const open = new Set(wrt);
  for (const { node, inputs } of steps)
    if (inputs.some((x) => x && open.has(x))) for (const o of node.outputs) if (o && isFloat(o.dtype)) open.add(o);
  return open;
}

/** What one node contributes to the gradient of each open input; may still broadcast to the input's shape. */
function stepBack(
  g: Builder,
  { node, inputs, override }: Step,
  dy: readonly (Value | null)[],
  open: ReadonlySet<Value>,
  missing: (without: string) => EspalierError,
): (Value | null)[] {
  const parts = override
    ? override.rule(expand(g, dy[0]!, node.outputs[0]!.shape)).map((dx) => dx && { dx, spread: [], factor: 1 })
    : applyRule(g, node, dy);
  if ("without" in parts) throw missing(parts.without);
  return inputs.map((x, i) => {
    const part = parts[i];
    if (!x || !part || !open.has(x)) return null;
    const summed = sumTo(g, part.dx, x.shape, broadcast(x.shape, part.dx.shape, part.spread));
    return scale(g, summed, part.factor); // after the sum, where it is smaller
  });
}

/** "loss ← /head/MatMul ← /encoder/gelu/Erf" */
function pathToLoss(node: Node, readers: ReadonlyMap<Value, Node>): string {
  const names = [node.name];
  for (let at: Node | undefined = node; at; ) {
    const reader: Node | undefined = at.outputs.map((o) => o && readers.get(o)).find((r) => r) ?? undefined;
    if (reader) names.unshift(reader.name);
    at = reader;
  }
  const all = ["loss", ...names];
  if (all.length <= 2 * MOST_SHOWN + 1) return all.join(" ← ");
  const between = `… ${all.length - 2 * MOST_SHOWN} more`;
  return [...all.slice(0, MOST_SHOWN), between, ...all.slice(-MOST_SHOWN)].join(" ← ");
}

/** So many nodes are named at either end of a path. */
const MOST_SHOWN = 4;

/** Which of `wrt` a node depends on. @param steps last first */
function sources(node: Node, steps: readonly Step[], wrt: readonly Value[]): string[] {
  const above = new Set(node.inputs);
  for (const step of steps)
    if (step.node.outputs.some((o) => o && above.has(o))) for (const x of step.inputs) above.add(x);
  return wrt.filter((v) => above.has(v)).map((v) => v.name);
}

/**
 * @param before which of `wrt` lie before the node: without their gradients, its own is not asked for
 */
function noRule(
  node: Node,
  without: string,
  path: string,
  before: readonly string[],
  wrt: readonly Value[],
): EspalierError {
  const name = node.domain ? `${node.domain}.${node.op}` : node.op;
  const types = (list: readonly (Value | null)[]) => list.map((v) => (v ? typeText(v) : "—")).join(", ");
  return new EspalierError(
    "unsupported",
    `no gradient rule for ${name}${without && ` with ${without}`}`,
    { node: `${node.name}   ${types(node.inputs)} → ${types(node.outputs)}`, path },
    `${freezing(before, wrt)}, or add ${name} to autodiff/rules`,
  );
}

function freezing(before: readonly string[], wrt: readonly Value[]): string {
  const behind = wrt.map((v) => v.name).filter((name) => !before.includes(name));
  if (behind.length === 0) return "everything that trains lies before this node: train more of what lies behind it";
  const patterns = patternsOf(before, behind).join(",");
  return `freeze "${patterns}", which ${before.length === 1 ? "lies" : "lie"} before this node (${before.length} of ${wrt.length} tensors that train)`;
}
