/** Operators that only move data. */
import { pick } from "../../mutate/pick.ts";
import { atRank, divisors, type NetMoves } from "./move.ts";

export const movementMoves = {
  pad: atRank(2, (n, x) => {
    const edges = () => x.shape.map((_, i) => (i === 0 ? 0 : n.between(0, 1)));
    return n.g.Pad(x, {
      pads: [...edges(), ...edges()],
      value: pick(n.random, [0, 0, 0.5]),
      mode: pick(n.random, ["constant", "constant", "edge"]),
    });
  }),
  flatten: atRank(2, (n, x) => n.g.Flatten(x)),
  reshape: atRank(2, (n, x) => {
    const rest = x.shape.slice(1).reduce((a, b) => a * b, 1);
    const a = pick(n.random, divisors(rest));
    const b = pick(n.random, divisors(rest / a));
    return n.g.Reshape(x, {
      shape: pick(n.random, [
        [0, -1],
        [-1, rest],
        [0, a, -1],
        [0, a, b, -1],
        [-1, a, rest / a],
      ]),
    });
  }),
  transpose: atRank(3, (n, x) =>
    n.g.Transpose(x, { perm: [0, ...Array.from(n.random.permutation(x.shape.length - 1), (i) => i + 1)] }),
  ),
  squeeze: atRank(3, (n, x) => {
    const axes = x.shape.flatMap((d, i) => (i > 0 && d === 1 ? [i] : []));
    return axes.length > 0 ? n.g.Squeeze(x, { axes: [pick(n.random, axes)] }) : undefined;
  }),
  unsqueeze: (n, x) => (x.shape.length < 4 ? n.g.Unsqueeze(x, { axes: [n.between(1, x.shape.length)] }) : undefined),
  slice: atRank(2, (n, x) => {
    const a = n.axis(x);
    const start = n.random.int(x.shape[a]);
    return n.g.Slice(x, {
      starts: [start],
      ends: [n.between(start + 1, x.shape[a])],
      axes: [a],
      steps: [n.between(1, 2)],
    });
  }),
  reverse: atRank(2, (n, x) => n.g.Slice(x, { starts: [-1], ends: [-1000], axes: [n.axis(x)], steps: [-1] })),
  split: atRank(2, (n, x) => {
    const a = n.axis(x);
    if (x.shape[a] < 2) return undefined;
    const first = n.between(1, x.shape[a] - 1);
    const [p, q] = n.g.Split(x, { axis: a, split: [first, x.shape[a] - first] });
    n.values.push(q);
    return p;
  }),
  concat: atRank(2, (n, x) => {
    const a = n.axis(x);
    const fits = n.values.filter(
      (v) => v.shape.length === x.shape.length && v.shape.every((d, i) => i === a || d === x.shape[i]),
    );
    return n.g.Concat([x, pick(n.random, fits)], { axis: a });
  }),
  tile: atRank(2, (n, x) => n.g.Tile(x, { repeats: x.shape.map((_, i) => (i === 0 ? 1 : n.between(1, 2))) })),
  expand: atRank(3, (n, x) => {
    const wide = x.shape.map((d, i) => (i === 0 ? 1 : d === 1 ? n.between(1, 3) : d));
    return n.g.Expand(x, { shape: wide });
  }),
} satisfies NetMoves;
