/**
 * What the end of a model has made of logits: their softmax or sigmoid, perhaps rearranged, clipped or scaled since. Losses that
 * take the softmax or the sigmoid themselves ask, so that it is not taken twice.
 */
import { type AnySite, type OpSite, opSiteOf, ruleIn } from "../graph/op-site.ts";
import { families, type OpName, opOf } from "../graph/ops/index.ts";
import { isFloat, numbers } from "../graph/tensor.ts";
import type { Graph, Node, Tensor, Value } from "../graph/types.ts";
import { producers } from "../graph/walk.ts";

export type Squash = "softmax" | "sigmoid";

/** A value that is made of the softmax or the sigmoid of logits. */
export interface Squashed {
  readonly by: Squash;
  /** Still exactly these, element by element in the order of the logits; or something else that was made of them. */
  readonly is: "probabilities" | "logarithms" | "something else";
  readonly logits: Value;
  /** The axis of the logits along which a softmax sums to 1. */
  readonly axis?: number;
  /** The nodes from the softmax or the sigmoid on. */
  readonly nodes: readonly Node[];
}

type Found = Omit<Squashed, "nodes">;

/** A node's surroundings, as forms see them. */
interface Around {
  /** Of each input; undefined where it is not made of probabilities. */
  readonly ends: readonly (Squashed | undefined)[];
  /** The numbers of a stored tensor. */
  stored(v: Value | null): readonly number[] | undefined;
  made(v: Value): Node | undefined;
}

type Form<S> = (site: S, around: Around) => Found | undefined;
type FormOf<K extends OpName> = Form<Pick<OpSite<K>, "in" | "attrs">>;

const altered = (end: Squashed | undefined): Found | undefined => end && { ...end, is: "something else" };
const keeps = (_: unknown, { ends: [end] }: Around) => end;
/** What leaves numbers from 0 to 1 as they are. */
const keepsProbabilities = (_: unknown, { ends: [end] }: Around) => (end?.is === "probabilities" ? end : altered(end));
const turns =
  (from: Squashed["is"], to: Squashed["is"]) =>
  (_: unknown, { ends: [end] }: Around) =>
    end?.is === from ? { ...end, is: to } : altered(end);
/** A stored operand that changes nothing; the second one, where the order counts. */
const unlessNeutral =
  (neutral: number, commutes: boolean): Form<Pick<OpSite<"Mul">, "in">> =>
  ({ in: inputs }, { ends, stored }) => {
    const at = ends[0] ? 0 : 1;
    const isNeutral = (at === 0 || commutes) && stored(inputs[1 - at])?.every((x) => x === neutral);
    return isNeutral ? ends[at] : undefined;
  };

const forms: { readonly [K in OpName]?: FormOf<K> } = {
  Softmax: ({ in: [logits], attrs: { axis } }) => ({ by: "softmax", is: "probabilities", logits, axis }),
  LogSoftmax: ({ in: [logits], attrs: { axis } }) => ({ by: "softmax", is: "logarithms", logits, axis }),
  Sigmoid: ({ in: [logits] }) => ({ by: "sigmoid", is: "probabilities", logits }),
  HardSigmoid: ({ in: [logits] }) => ({ by: "sigmoid", is: "something else", logits }),
  Identity: keeps,
  /** As in evaluation. */
  Dropout: keeps,
  Reshape: keeps,
  Flatten: keeps,
  Squeeze: keeps,
  Unsqueeze: keeps,
  Cast: ({ attrs: { to } }, { ends: [end] }) => (isFloat(to) ? end : altered(end)),
  /** In order where only axes of length 1 move; the samples' axis counts as longer. */
  Transpose({ in: [x], attrs: { perm } }, { ends: [end] }) {
    const long = perm.filter((axis) => axis === 0 || x.shape[axis] !== 1);
    return long.every((axis, i) => i === 0 || axis > long[i - 1]) ? end : altered(end);
  },
  Relu: keepsProbabilities,
  Abs: keepsProbabilities,
  Clip({ attrs: { min, max } }, { ends: [end] }) {
    const [least, most] = end?.is === "probabilities" ? [0, 1] : [Number.NEGATIVE_INFINITY, 0];
    return (min ?? Number.NEGATIVE_INFINITY) <= least && (max ?? Number.POSITIVE_INFINITY) >= most ? end : altered(end);
  },
  Log: turns("probabilities", "logarithms"),
  Exp: turns("logarithms", "probabilities"),
  Add: unlessNeutral(0, true),
  Sub: unlessNeutral(0, false),
  Mul: unlessNeutral(1, true),
  /** e^x / Σ e^x is a softmax, written out. */
  Div(site, around) {
    const [above, below] = site.in;
    const [power, sum] = [around.made(above), around.made(below)];
    const summed = sum && ruleIn<Summed>(sums, sum)?.(opSiteOf(sum));
    const logits = power && ruleIn<Raised>(powers, power)?.(opSiteOf(power));
    if (summed?.of === above && logits) return { by: "softmax", is: "probabilities", logits, axis: summed.axis };
    return unlessNeutral(1, false)(site, around);
  },
};

type Raised = (site: AnySite) => Value | null;
const powers: { readonly [K in OpName]?: Raised } = { Exp: ({ in: [x] }) => x };
type Summed = (site: AnySite) => { readonly of: Value | null; readonly axis: number } | undefined;
const sums: { readonly [K in OpName]?: Summed } = {
  ReduceSum({ in: [of], attrs: { axes, keepdims } }) {
    const [axis, ...more] = (axes as readonly number[] | undefined) ?? [];
    return axis !== undefined && more.length === 0 && keepdims !== 0 ? { of, axis } : undefined;
  },
};

/** Operators that make nothing new of probabilities: all but those with weights and norms. */
const isShallow = ({ op, domain }: Node): boolean =>
  opOf(op, domain) !== undefined &&
  [families.elementwise, families.movement, families.reduction].some((family) => Object.hasOwn(family, op));

/**
 * What a value is of logits; undefined for anything that is not made of a softmax or a sigmoid alone — by what a layer makes of
 * probabilities, they are inputs like others.
 */
export function squashedEnd(graph: Graph, value: Value): Squashed | undefined {
  const made = producers(graph);
  const tensorOf = (v: Value): Tensor | undefined => {
    const node = made.get(v);
    const holds = node && opOf(node.op, node.domain)?.holds;
    return graph.initializers.get(v) ?? (holds ? (node?.attrs[holds] as Tensor) : undefined);
  };
  const stored = (v: Value | null) => {
    const tensor = v && tensorOf(v);
    return tensor ? numbers(tensor) : undefined;
  };
  const known = new Map<Value, Squashed>();
  const found = (node: Node): Squashed | undefined => {
    const ends = node.inputs.map((x) => (x ? known.get(x) : undefined));
    const form = ruleIn<Form<AnySite>>(forms, node);
    const own = form?.(opSiteOf(node), { ends, stored, made: (x) => made.get(x) });
    const first = ends.find((end) => end !== undefined);
    const nodes = [...(own && own.logits !== first?.logits ? [] : (first?.nodes ?? [])), node];
    if (own) return { ...own, nodes };
    // a number from the file scales or shifts; a tensor of them may be a layer's
    const others = node.inputs.filter((x, i) => x && !ends[i]) as readonly Value[];
    const allOfIt = others.every((x) => (tensorOf(x)?.data.length ?? 2) === 1);
    return first && allOfIt ? { ...first, is: "something else", nodes } : undefined;
  };
  for (const node of graph.nodes) {
    const end = isShallow(node) ? found(node) : undefined;
    if (end) for (const out of node.outputs) if (out) known.set(out, end);
  }
  return known.get(value);
}
