/** Faults in how channels pass through operators. */
import { i64 } from "../../src/graph/tensor.ts";
import type { Tie } from "../../src/groups/axes/rule.ts";
import { around, type Fault, type Passing, pictures } from "./fault.ts";
import { edits, sketch } from "./small-models.ts";

const end = (side: "in" | "out", at: number, axis: number) => ({ side, at, axis });
/** Index a[k] of the input with index k of the output. */
const pairs = (a: readonly number[]) => ({ count: a.length, a: (k: number) => a[k], b: (k: number) => k });
/** Every axis of input 0 passes one to one. */
const passes = (): Passing => (site) => {
  const ties = site.in[0]!.shape.map((_, i): Tie => ({ a: end("in", 0, i), b: end("out", 0, i) }));
  return { ties };
};
/** Pairs of a tie are mixed up. */
const paired =
  (change: (a: Int32Array, n: number) => Int32Array, which: (t: Tie) => boolean = (t) => t.pairs !== undefined) =>
  (right: Passing): Passing =>
  (site, stored) => {
    const flow = right(site, stored);
    const n = site.in[0]!.shape[1];
    return {
      ...flow,
      ties: flow.ties.map((t) => {
        if (!which(t) || !t.pairs) return t;
        const a = change(
          Int32Array.from({ length: t.pairs.count }, (_, k) => t.pairs!.a(k)),
          n,
        );
        return { ...t, pairs: { ...t.pairs, a: (k: number) => a[k] } };
      }),
    };
  };
const backwards = (a: Int32Array) => a.slice().reverse();
const next = (a: Int32Array) => Int32Array.from(a, (_, k) => a[(k + 1) % a.length]);
/** A weight is read along the axis that makes its channels. */
const swapped =
  (right: Passing): Passing =>
  (site, stored) => {
    const { weight, ...flow } = right(site, stored);
    if (!weight) return flow;
    return { ...flow, weight: { ...weight, reads: weight.makes, makes: weight.reads } };
  };

export const faultsOfPassing: Record<string, Fault> = {
  "Softmax passes channels": {
    op: "Softmax",
    axes: passes,
    model: () => around(({ g }, v) => g.Softmax(v), { unread: [2] }),
  },
  "LogSoftmax passes channels": {
    op: "LogSoftmax",
    axes: passes,
    model: () => around(({ g }, v) => g.LogSoftmax(v), { unread: [2] }),
  },
  "CumSum passes channels": {
    op: "CumSum",
    axes: passes,
    model: () => around(({ g }, v) => g.CumSum(v, { axis: 1 }), { unread: [2] }),
  },
  "LayerNormalization passes channels": {
    op: "LayerNormalization",
    axes: () => (site) => ({
      ties: [
        ...site.in[0]!.shape.map((_, i): Tie => ({ a: end("in", 0, i), b: end("out", 0, i) })),
        { a: end("in", 1, 0), b: end("out", 0, 1) },
        { a: end("in", 2, 0), b: end("out", 0, 1) },
      ],
    }),
    model: () => around(({ g, w }, v) => g.LayerNormalization(v, w("γ", [8]), w("β", [8])), { unread: [2] }),
  },
  "InstanceNormalization passes space as channels": {
    op: "InstanceNormalization",
    axes: (right) => (site, stored) => ({
      ...right(site, stored),
      ties: [...right(site, stored).ties, { a: end("in", 0, 2), b: end("out", 0, 2) }],
    }),
    model: () =>
      sketch(
        [8],
        ({ g, x, w, fc }) => {
          const v = g.Reshape(fc(x, "a", 8), { shape: [-1, 1, 8] });
          return fc(g.Reshape(g.InstanceNormalization(v, w("γ", [1]), w("β", [1])), { shape: [-1, 8] }), "c", 3);
        },
        edits({ c: [1, [2]] }),
      ),
  },
  "Concat starts one too late": {
    op: "Concat",
    axes: paired(next),
    model: () =>
      sketch(
        [6],
        ({ g, x, fc }) => fc(g.Concat([fc(x, "a", 4), fc(x, "b", 4)], { axis: 1 }), "c", 3),
        edits({ c: [1, [1]] }),
      ),
  },
  "Split starts one too late": {
    op: "Split",
    axes: paired(next),
    model: () =>
      sketch(
        [6],
        ({ g, x, fc }) => {
          const [p, q] = g.Split(fc(x, "a", 8), { axis: 1, split: [4, 4] });
          return g.Add(fc(p, "p", 3), fc(q, "q", 3));
        },
        edits({ p: [1, [1]] }),
      ),
  },
  "Slice starts one too late": {
    op: "Slice",
    axes: paired(next),
    model: () => around(({ g }, v) => g.Slice(v, { starts: [1], ends: [6], axes: [1] }), { unread: [2] }),
  },
  "Gather takes what stands in its place": {
    op: "Gather",
    axes: paired((a) => a.map((_, k) => k)),
    model: () =>
      around(({ g }, v) => g.Gather(v, g.constant(i64([3, 1, 0, 2, 5, 4, 7, 6])), { axis: 1 }), { unread: [0] }),
  },
  "Transpose leaves the axes where they are": {
    op: "Transpose",
    axes: passes,
    unfit: "MatMul sizes differ",
    model: () =>
      sketch(
        [4],
        ({ g, x, w, fc }) => {
          const v = g.Reshape(fc(x, "a", 16), { shape: [-1, 4, 4] });
          return g.MatMul(w("c", [3, 4]), g.Transpose(v, { perm: [0, 2, 1] }));
        },
        edits({ c: [1, [1]] }),
      ),
  },
  "Flatten counts channels fastest": {
    op: "Flatten",
    axes: (right) => (site, stored) => {
      const flow = right(site, stored);
      return { ...flow, regrouped: flow.regrouped?.toReversed() };
    },
    model: () =>
      sketch(
        [3, 2, 2],
        ({ g, x, conv, fc }) => fc(g.Flatten(conv(x, "a", 4)), "c", 3),
        edits({ c: [1, [1, 5, 9, 13]] }),
      ),
  },
  "DepthToSpace in the other order": {
    op: "DepthToSpace",
    axes: paired((a) => a.slice().sort((i, j) => (i % 2) - (j % 2) || i - j)),
    model: () =>
      sketch(
        [3, 2, 2],
        ({ g, x, conv }) => conv(g.DepthToSpace(conv(x, "a", 8), { blocksize: 2 }), "c", 3),
        edits({ c: [1, [1]] }),
      ),
  },
  "a grouped Conv pairs columns off by one": {
    op: "Conv",
    axes: paired(next, (t) => t.a.at === 1),
    model: () =>
      sketch(
        [3, 4, 4],
        ({ x, conv }) => conv(conv(conv(x, "a", 4), "g", 4, 1, { group: 2 }), "c", 3),
        edits({ g: [1, [0]] }),
      ),
  },
  "a depthwise Conv pairs channels backwards": {
    op: "Conv",
    axes: paired(backwards),
    model: () => pictures(({ conv }, v) => conv(v, "d", 4, 3, { group: 4, pad: 1 }), { unread: [0] }),
  },
  "SpaceToDepth in the other order": {
    op: "SpaceToDepth",
    axes: paired(backwards),
    model: () =>
      sketch(
        [3, 4, 4],
        ({ g, x, conv }) => conv(g.SpaceToDepth(conv(x, "a", 2), { blocksize: 2 }), "c", 3),
        edits({ c: [1, [0, 2, 4, 6]] }),
      ),
  },
  "Tile repeats each index instead of all": {
    op: "Tile",
    axes: () => () => ({ ties: [{ a: end("in", 0, 1), b: end("out", 0, 1), pairs: pairs([0, 0, 1, 1, 2, 2, 3, 3]) }] }),
    model: () =>
      sketch([6], ({ g, x, fc }) => fc(g.Tile(fc(x, "a", 4), { repeats: [1, 2] }), "c", 3), edits({ c: [1, [2, 3]] })),
  },
  "Pad of channels moves none": {
    op: "Pad",
    axes: () => () => ({ ties: [{ a: end("in", 0, 1), b: end("out", 0, 1), pairs: pairs([0, 1, 2, 3]) }] }),
    model: () =>
      sketch([6], ({ g, x, fc }) => fc(g.Pad(fc(x, "a", 4), { pads: [0, 2, 0, 0] }), "c", 3), edits({ c: [1, [1]] })),
  },
  "Add broadcasts along the first axis that fits": {
    op: "Add",
    unfit: "shapes do not broadcast",
    axes: (right) => (site, stored) => ({
      ties: [...right(site, stored).ties.filter((t) => t.a.at === 0), { a: end("in", 1, 0), b: end("out", 0, 1) }],
    }),
    model: () => pictures(({ g, w }, v) => g.Add(v, w("b", [4])), { unread: [1] }),
  },
  "Gemm reads along the axis that it makes": {
    op: "Gemm",
    axes: swapped,
    model: () => sketch([4], ({ x, fc }) => fc(fc(fc(x, "a", 4), "b", 4), "c", 4), edits({ b: [0, [1]] })),
  },
  "MatMul reads along the axis that it makes": {
    op: "MatMul",
    axes: swapped,
    model: () =>
      sketch(
        [4],
        ({ g, x, w }) => g.MatMul(g.MatMul(g.MatMul(x, w("a", [4, 4])), w("b", [4, 4])), w("c", [4, 4])),
        edits({ b: [1, [1]] }),
      ),
  },
  "Conv reads along the axis that it makes": {
    op: "Conv",
    axes: swapped,
    model: () => pictures(({ g, conv }, v) => g.Relu(conv(v, "b", 4)), {}),
  },
};
