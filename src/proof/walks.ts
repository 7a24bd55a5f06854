/** Both walks over a graph: forwards, what is known of every value; backwards, what the outputs need of it. */
import { heldBy } from "../graph/nodes.ts";
import type { Graph, Node, Tensor, Value } from "../graph/types.ts";
import { walkAllowance, within } from "./effort.ts";
import { agreed, type Fact, factOfTensor, isCertain, isConstant, nothing } from "./fact.ts";
import { places, union } from "./field.ts";
import { collapsedNeed, either, everywhere, highest, isNeeded, nowhere, spreadNeed } from "./need.ts";
import { opaqueRule } from "./opaque.ts";
import { proofRuleOf } from "./rules/index.ts";
import { type Call, NEED, type Need } from "./rules/rule.ts";

export type FactMap = ReadonlyMap<Value, Fact>;

/**
 * What is known of every value, whatever the network's inputs are. A stored tensor that is an input too can be overridden.
 * @param other the graph at another batch size: of what is another number there, nothing is known
 * @param allowance how many steps it may take; beyond them nothing is known
 */
export function factsOf(graph: Graph, other?: Graph, allowance = walkAllowance(graph)): FactMap {
  const elsewhere = new Map([...(other ? factsOf(other) : [])].map(([v, fact]) => [v.name, fact]));
  const facts = new Map<Value, Fact>();
  for (const [v, t] of graph.initializers) facts.set(v, { ...factOfTensor(t), original: true });
  for (const v of graph.inputs) facts.set(v, nothing(v.shape.length));
  for (const node of graph.nodes) {
    const call = callOf(node, facts);
    const rule = proofRuleOf(node);
    const made = rule !== opaqueRule && node.inputs.every((v) => !v || facts.get(v)!.stored);
    const original = heldBy(node) !== undefined || (rule.permutes !== undefined && call.known[0].original);
    node.outputs.forEach((y, at) => {
      if (!y) return;
      const found = within(
        allowance,
        () => rule.known(call, at),
        () => nothing(y.shape.length),
      );
      const twin = elsewhere.get(y.name);
      facts.set(y, { ...(twin ? agreed(found, twin) : found), stored: made, original });
    });
  }
  return facts;
}

export const callOf = (node: Node, facts: FactMap): Call<Node["attrs"]> => ({
  attrs: node.attrs,
  inputs: node.inputs,
  outputs: node.outputs,
  known: node.inputs.map((v) => (v ? facts.get(v)! : nothing(0))),
  ...(node.follows && { follows: node.follows }),
});

/** What the network's outputs need. */
export interface Needs {
  /** Of a value; of a replaced one, before its constant takes its place. */
  of(v: Value): Need;
  /** Whether what reads a replaced value can do without it: it is a constant that changes nothing there. */
  skipped(v: Value): boolean;
}

/** What takes a value's place: its constant, for all that read it, or nothing, where it changes nothing. */
export type Replaced = ReadonlyMap<Value, "constant" | "nothing">;

/**
 * @param replaced values whose place a constant takes, wherever they are known to be one: nothing that makes them is
 *   needed for that; or that nothing takes the place of: those that can do without them do not need them
 * @param seen applied to every need on the way
 * @param allowance how many steps it may take; beyond them all is needed
 */
export function needsOf(
  graph: Graph,
  facts: FactMap,
  replaced: Replaced,
  seen: (need: Need) => Need = (need) => need,
  allowance = walkAllowance(graph),
): Needs {
  const found = new Map<Value, Need>();
  const skipped = new Set<Value>();
  const add = (v: Value, need: Need) => {
    const [before, now] = [found.get(v), seen(facts.get(v)!.stored ? need : collapsedNeed(need))];
    const most = () => everywhere(v.shape.length, Math.max(highest(now), before ? highest(before) : 0));
    found.set(v, before ? within(allowance, () => either(before, now), most) : now);
  };
  for (const v of graph.outputs) add(v, everywhere(v.shape.length, NEED.live));
  for (const node of graph.nodes.toReversed()) {
    const call = callOf(node, facts);
    node.outputs.forEach((y, at) => {
      const whole = y && found.get(y);
      if (!whole || !isNeeded(whole)) return;
      const need =
        replaced.get(y) === "constant"
          ? within(
              allowance,
              () => varying(whole, facts.get(y)!),
              () => whole,
            )
          : whole;
      node.inputs.forEach((v, k) => {
        if (!v) return;
        const own = within(
          allowance,
          () => proofRuleOf(node).needs(call, k, need, at),
          () => opaqueRule.needs(call, k, need, at),
        );
        if (replaced.has(v) && isNeeded(own) && changesNothing(node, k, own, facts.get(v)!)) {
          skipped.add(v);
          if (replaced.get(v) === "nothing") return;
        }
        add(v, own);
      });
    });
  }
  return { of: (v) => found.get(v) ?? nowhere(v.shape.length), skipped: (v) => skipped.has(v) };
}

/**
 * Whether an operand is the number that changes nothing, the 0 of what is added or the 1 of a factor, in all that is live, and a
 * constant of any value in what goes as one.
 */
function changesNothing(node: Node, k: number, need: Need, known: Fact): boolean {
  const element = proofRuleOf(node).neutral?.(k);
  if (element === undefined || node.inputs.indexOf(node.inputs[k]) !== node.inputs.lastIndexOf(node.inputs[k]))
    return false;
  const shape = union(need.shape, known.shape);
  const [a, b] = [places(need.shape, shape), places(known.shape, shape)];
  return a.every((at, i) => {
    if (need.level[at] === NEED.live) return isCertain(known, b[i]) && known.value[b[i]] === element;
    return need.level[at] === NEED.unread || isConstant(known, b[i]);
  });
}

/** The need of the elements that are not constant. */
export function varying(need: Need, known: Fact): Need {
  const shape = union(need.shape, known.shape);
  const from = places(known.shape, shape);
  const level = Uint8Array.from(spreadNeed(need, shape), (l, i) => (isConstant(known, from[i]) ? NEED.unread : l));
  return { shape, level };
}

/** The stored tensors of a graph by name: initializers and constants. */
export function storedByName(graph: Graph): Map<string, { readonly value: Value; readonly tensor: Tensor }> {
  const found = new Map<string, { value: Value; tensor: Tensor }>();
  for (const [value, tensor] of graph.initializers) found.set(value.name, { value, tensor });
  for (const node of graph.nodes) {
    const [value, tensor] = [node.outputs[0], heldBy(node)];
    if (value && tensor) found.set(value.name, { value, tensor });
  }
  return found;
}
