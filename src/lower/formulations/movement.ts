/** Putting back along an axis what a gather took from it, at positions that are known when the graph is built. */
import { constantOf, reshape } from "../../graph/emit.ts";
import { i64, size } from "../../graph/tensor.ts";
import type { Formulation, Site } from "../pattern.ts";

const isOnce = ({ attrs: { index } }: Site<"PutBack">): boolean => new Set(index).size === index.length;

/** What was taken once is gathered back; a slice of zeros at the end serves what was not taken. ScatterElements is serial. */
export const putBackByGather: Formulation<"PutBack"> = {
  applies: isOnce,
  preferred: () => true,
  emit(g, { inputs: [dy], attrs: { index, axis, length } }) {
    const from = Array.from({ length }, (_, i) => index.indexOf(i));
    const holes = from.includes(-1);
    const pads = [...dy.shape.map(() => 0), ...dy.shape.map((_, i) => (i === axis ? 1 : 0))];
    const source = holes ? g.Pad(dy, { pads }) : dy;
    return g.Gather(source, g.constant(i64(from.map((i) => (i < 0 ? index.length : i)))), { axis });
  },
};

/** A product with a 0/1 matrix [length, n]; a large one is not worth its memory. */
export const putBackByMatrix: Formulation<"PutBack"> = {
  preferred: ({ attrs: { index, length } }, { indexMatrix }) => length * index.length <= indexMatrix,
  emit(g, { inputs: [dy], attrs: { index, axis, length } }) {
    const n = index.length;
    const matrix = constantOf(g, dy.dtype, [length, n], (k) => (index[k % n] === Math.floor(k / n) ? 1 : 0));
    const rows = reshape(g, dy, [size(dy.shape.slice(0, axis)), n, size(dy.shape.slice(axis + 1))]);
    return reshape(g, g.MatMul(matrix, rows), dy.shape.with(axis, length));
  },
};
