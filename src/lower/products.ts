/**
 * Matrix products that take their operands as they lie. A transpose of the last two axes and a factor are free in ONNX Runtime's
 * FusedMatMul; its own optimizer finds them where they stand beside a product, but joins the transposes of attention to others first,
 * which then move single elements: keys [128, 65, 3, 64] to [128, 3, 64, 65] take 1.2 ms by one thread and 1.7 by two, to [128, 3, 65, 64]
 * 0.6 and 0.3 (onnxruntime-node 1.30, AMD EPYC with AVX-512). (A·B)ᵀ is computed as Bᵀ·Aᵀ where that spares a transpose. A factor is
 * multiplied with the product then, not with an operand, and rounded otherwise.
 */
import type { Builder } from "../graph/builder.ts";
import { heldBy } from "../graph/nodes.ts";
import { size } from "../graph/tensor.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import { consumers, producers, withoutUnread } from "../graph/walk.ts";
import { builderWithoutNodes } from "./rebuilt.ts";
import { type Target, targetHas } from "./target.ts";

/** An order of axes, as Transpose has it. */
type Order = readonly number[];

/** A value as another one in another order, times a factor. */
interface View {
  readonly of: Value;
  readonly order: Order;
  readonly factor: number;
}

/** A graph in which products spare transposes and factors. Same inputs and outputs. */
export function withFusedProducts(graph: Graph, target: Target): Graph {
  if (!targetHas(target, "FusedMatMul", "com.microsoft")) return graph;
  const g = builderWithoutNodes(graph);
  const makes = producers(graph);
  const readers = consumers(graph);
  const given = new Set(graph.outputs);
  const made = new Map<string, Value>();
  const gone = new Set<Node>();

  /** The factor or the order by which a node changes a value, and that value; undefined of other nodes. */
  const change = (node: Node | undefined): View | undefined => {
    if (node?.domain !== "" || node.outputs[0]!.dtype !== "float32") return undefined;
    const [x, by] = node.inputs;
    if (node.op === "Transpose") return { of: x!, order: node.attrs.perm as Order, factor: 1 };
    if (node.op !== "Mul" || x!.shape.length < by!.shape.length) return undefined;
    const maker = makes.get(by!);
    const factor = maker && size(by!.shape) === 1 ? Number(heldBy(maker)?.data[0] ?? 0) : 0;
    return factor !== 0 && Number.isFinite(factor) ? { of: x!, order: unchanged(x!), factor } : undefined;
  };
  /** What a value is made of, by transposes and factors. */
  const viewOf = (v: Value): View => {
    const last = change(makes.get(v));
    if (!last) return { of: v, order: unchanged(v), factor: 1 };
    const { of, order, factor } = viewOf(last.of);
    return { of, order: last.order.map((i) => order[i]), factor: factor * last.factor };
  };
  /** What is made of a product by transposes and factors alone. */
  const endOf = (v: Value): End => {
    const next = readers.get(v) ?? [];
    const by = next.length === 1 && !given.has(v) && next[0].inputs[0] === v ? change(next[0]) : undefined;
    if (!by) return { of: v, order: unchanged(v), factor: 1, nodes: [] };
    const end = endOf(next[0].outputs[0]!);
    const order = end.order.map((i) => by.order[i]);
    return { of: end.of, order, factor: by.factor * end.factor, nodes: [next[0], ...end.nodes] };
  };
  const transposed = (x: Value, order: Order): Value => {
    if (costOf(order) === 0) return x;
    const key = `${order} ${x.name}`;
    const known = made.get(key) ?? g.Transpose(x, { perm: [...order] });
    made.set(key, known);
    return known;
  };

  for (const node of graph.nodes) {
    if (gone.has(node)) continue;
    const plan = planOf(node, viewOf, endOf);
    if (plan) {
      g.replace(
        plan.end.of,
        g.scope(node.name, () => emitted(g, plan, transposed)),
      );
      for (const one of plan.end.nodes) gone.add(one);
    } else g.add(node);
  }
  return withoutUnread({ ...g.build(), outputs: graph.outputs });
}

/** What is made of a product, and the nodes that make it. */
interface End extends View {
  readonly nodes: readonly Node[];
}

/** A product as it is to be computed. */
interface Plan {
  readonly end: End;
  readonly a: View;
  readonly b: View;
  /** Whether Bᵀ·Aᵀ is computed. */
  readonly turned: boolean;
}

function planOf(node: Node, viewOf: (v: Value) => View, endOf: (v: Value) => End): Plan | undefined {
  const { op, domain, inputs, outputs } = node;
  if (op !== "MatMul" || domain !== "" || outputs[0]!.dtype !== "float32") return undefined;
  const [x, y] = inputs as readonly Value[];
  if (x.shape.length < 2 || x.shape.length !== y.shape.length) return undefined;
  const end = endOf(outputs[0]!);
  const turned = costOf(ofTurned(end.order)) < costOf(end.order);
  if (!turned && x.shape.length === 2) return undefined; // the runtime joins these with a bias, too
  const [a, b] = [viewOf(x), viewOf(y)];
  const isChanged = turned || [a, b, end].some((v) => v.factor !== 1) || a.of !== x || b.of !== y;
  return isChanged ? { end, a, b, turned } : undefined;
}

function emitted(g: Builder, { end, a, b, turned }: Plan, transposed: (x: Value, order: Order) => Value): Value {
  const [left, right] = turned ? [b, a] : [a, b];
  const operand = ({ of, order }: View): { readonly x: Value; readonly trans: 0 | 1 } => {
    const wanted = turned ? swapped(order) : order;
    const trans = costOf(swapped(wanted)) < costOf(wanted) ? 1 : 0;
    return { x: transposed(of, trans ? swapped(wanted) : wanted), trans };
  };
  const [p, q] = [operand(left), operand(right)];
  const alpha = a.factor * b.factor * end.factor;
  const product = g.in("com.microsoft").FusedMatMul(p.x, q.x, { alpha, transA: p.trans, transB: q.trans });
  const order = turned ? ofTurned(end.order) : end.order;
  return costOf(order) === 0 ? product : g.Transpose(product, { perm: [...order] });
}

const unchanged = ({ shape }: Value): Order => [...shape.keys()];

/** The order that makes the same with its last two axes exchanged. */
const swapped = (order: Order): Order => [...order.slice(0, -2), order.at(-1)!, order.at(-2)!];

/** The order that makes the same of what has its last two axes exchanged. */
const ofTurned = (order: Order): Order => {
  const rank = order.length;
  return order.map((axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
};

/** None, a move of whole rows, a move of single elements. */
const costOf = (order: Order): number =>
  order.every((axis, i) => axis === i) ? 0 : order.at(-1) === order.length - 1 ? 1 : 2;
