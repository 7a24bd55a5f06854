/** Elements that are picked, put and laid out by where they stand. */
import { i64, tensor } from "../../../src/graph/tensor.ts";
import type { Value } from "../../../src/graph/types.ts";
import { pick } from "../../mutate/pick.ts";
import type { Net } from "../net.ts";
import { atRank, type NetMoves, sequence } from "./move.ts";

/** Axes 0 and 1 exchanged: the batch stands second, and indices go along what stood there. */
const turned = (n: Net, x: Value): Value =>
  n.g.Transpose(x, { perm: [1, 0, ...x.shape.slice(2).map((_, i) => i + 2)] });

/** So many different places among so many. */
const places = (n: Net, count: number, among: number): number[] => [...n.random.permutation(among)].slice(0, count);

export const selectionMoves = {
  gather: atRank(2, (n, x) => {
    const a = n.axis(x);
    const indices = i64(Array.from({ length: n.between(1, 4) }, () => n.random.int(x.shape[a])));
    return n.g.Gather(x, n.g.constant(indices), { axis: a });
  }),
  /** Rows of a table: a step's embedding is added. */
  positions: sequence((n, x) => {
    const [, length, width] = x.shape;
    const rows = n.g.Gather(n.weight(length + 1, width), n.g.constant(i64(places(n, length, length + 1))), { axis: 0 });
    return n.g.Add(x, rows);
  }),
  gatherND: atRank(2, (n, x) => {
    const k = n.between(1, x.shape[1]);
    return turned(n, n.g.GatherND(turned(n, x), n.g.constant(i64(places(n, k, x.shape[1]), [k, 1]))));
  }),
  scatterND: atRank(2, (n, x) => {
    const k = n.between(1, x.shape[1]);
    const [to, from] = [0, 1].map(() => n.g.constant(i64(places(n, k, x.shape[1]), [k, 1])));
    const updates = n.g.Tanh(n.g.GatherND(turned(n, x), from));
    return turned(n, n.g.ScatterND(turned(n, x), to, updates, { reduction: pick(n.random, ["none", "add"]) }));
  }),
  /** Each sample's elements in an order of their own, which an input gives. */
  gatherElements: (n) => {
    const order = n.given();
    const axis = n.axis(order);
    const [, indices] = n.g.TopK(order, { k: n.between(1, order.shape[axis]), axis });
    const x = n.alike(order) ?? order;
    return n.g.GatherElements(x, indices, { axis });
  },
  scatterElements: (n) => {
    const order = n.given();
    const axis = n.axis(order);
    const [values, indices] = n.g.TopK(order, { k: n.between(1, order.shape[axis]), axis });
    const x = n.alike(order) ?? n.g.Tanh(order);
    return n.g.ScatterElements(x, indices, values, { axis, reduction: pick(n.random, ["none", "add"]) });
  },
  trilu: atRank(3, (n, x) => n.g.Trilu(x, { k: n.between(-1, 1), upper: n.between(0, 1) })),
  /** Numbers of the positions, and one number for all. */
  range: atRank(2, (n, x) => {
    const limit = x.shape.at(-1)!;
    const steps = n.g.Range({ start: 0, limit, delta: 1, dtype: "float32" });
    const value = tensor("float32", [1], Float32Array.of(0.25));
    return n.g.Add(x, n.g.Mul(steps, n.g.ConstantOfShape({ shape: [limit], value })));
  }),
} satisfies NetMoves;
