/**
 * Sums of products over letters, said in matrix products: `bhqd,bhkd->bhqk`. Operands are joined one after another; the letters of
 * two fall apart into those that stay in both (batch), in one (rows, columns) and in none (sums). Source: ONNX's operator
 * description, and NumPy's einsum for what it leaves open.
 */
import type { Builder } from "../../graph/builder.ts";
import { axesOf } from "../../graph/op.ts";
import { sameShape, size } from "../../graph/tensor.ts";
import type { Value } from "../../graph/types.ts";
import { dataOf } from "../tensors.ts";
import { type Expansion, type ExpansionSite, refuse } from "./expansion.ts";

/** A value and the letter of each of its axes. Axes of an ellipsis have the letters …1, …2, counted from the last. */
interface Term {
  readonly v: Value;
  readonly letters: readonly string[];
}

/** ONNX Runtime takes no more operands than there are letters. */
const MOST_OPERANDS = 52;
const ELLIPSIS = "...";

export const Einsum: Expansion = {
  inputs: [1, MOST_OPERANDS],
  attrs: { equation: { type: "string" } },
  emit: (g, site) => {
    const { terms, output } = parsed(site);
    const plain = terms.map((t) => diagonal(g, t));
    const joined = plain.reduce((a, b, i) => {
      const later = plain.slice(i + 1).flatMap((t) => t.letters);
      const keep = new Set([...output, ...later]);
      return product(
        g,
        site,
        summed(g, a, new Set([...keep, ...b.letters])),
        summed(g, b, new Set([...keep, ...a.letters])),
        keep,
      );
    });
    const last = ordered(g, summed(g, joined, new Set(output)), output);
    return [last.v];
  },
};

function parsed(site: ExpansionSite): { terms: Term[]; output: string[] } {
  const equation = site.text("equation").replaceAll(" ", "");
  const operands = site.in.filter((v) => v !== null);
  const [left, right, ...more] = equation.split("->");
  const texts = left.split(",");
  const lettersOf = (text: string, ellipsis: number): string[] => {
    const [before, after = "", ...rest] = text.split(ELLIPSIS);
    if (rest.length > 0 || !/^[A-Za-z]*$/.test(before + after)) refuse(site, `the equation ${equation}`);
    const dots = text.includes(ELLIPSIS) ? Array.from({ length: ellipsis }, (_, i) => `…${ellipsis - i}`) : [];
    return [...before, ...dots, ...after];
  };
  if (more.length > 0 || texts.length !== operands.length) refuse(site, `the equation ${equation}`);
  const terms = operands.map((v, i): Term => {
    const named = texts[i].replace(ELLIPSIS, "").length;
    const letters = lettersOf(texts[i], Math.max(0, v.shape.length - named));
    if (letters.length !== v.shape.length || v.shape.includes(0))
      refuse(site, `the equation ${equation} for [${v.shape}]`);
    return { v, letters };
  });
  const all = terms.flatMap((t) => t.letters);
  const widest = Math.max(0, ...all.filter((l) => l.startsWith("…")).map((l) => Number(l.slice(1))));
  // without an arrow: what stands once, in alphabetical order
  const once = [...new Set(all)].filter((l) => !l.startsWith("…") && all.filter((m) => m === l).length === 1).sort();
  const output = right === undefined ? [...lettersOf(ELLIPSIS, widest), ...once] : lettersOf(right, widest);
  if (new Set(output).size < output.length || output.some((l) => !all.includes(l)))
    refuse(site, `the equation ${equation}`);
  return { terms, output };
}

/** The elements at which axes of one letter have one index; one axis of each letter stays. */
function diagonal(g: Builder, t: Term): Term {
  const at = t.letters.findIndex((l, i) => t.letters.indexOf(l) !== i);
  if (at < 0) return t;
  const first = t.letters.indexOf(t.letters[at]);
  const n = t.v.shape[at];
  const shape = t.v.shape.map((_, i) => (i === at || i === first ? n : 1));
  const ones = Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
  const identity = g.constant({ dtype: t.v.dtype, shape, data: dataOf(t.v.dtype, ones) });
  const v = g.ReduceSum(g.Mul(t.v, identity), { axes: [at], keepdims: 0 });
  return diagonal(g, { v, letters: t.letters.toSpliced(at, 1) });
}

/** Letters that nobody else has are summed over at once. */
function summed(g: Builder, t: Term, keep: ReadonlySet<string>): Term {
  const axes = t.letters.flatMap((l, i) => (keep.has(l) ? [] : [i]));
  if (axes.length === 0) return t;
  return { v: g.ReduceSum(t.v, { axes, keepdims: 0 }), letters: t.letters.filter((l) => keep.has(l)) };
}

/** The axes in another order. */
function ordered(g: Builder, { v, letters }: Term, to: readonly string[]): Term {
  const perm = to.map((l) => letters.indexOf(l));
  return { v: sameShape(perm, axesOf([...perm.keys()], perm.length)) ? v : g.Transpose(v, { perm }), letters: to };
}

/** In another shape. A 0 would mean something else, but no length is 0 here. */
const shaped = (g: Builder, v: Value, shape: readonly number[]): Value =>
  sameShape(v.shape, shape) ? v : g.Reshape(v, { shape });

/** Two operands as one. @param keep the letters that are wanted afterwards */
function product(g: Builder, site: ExpansionSite, a: Term, b: Term, keep: ReadonlySet<string>): Term {
  const length = ({ v, letters }: Term, l: string) => v.shape[letters.indexOf(l)];
  const both = a.letters.filter((l) => b.letters.includes(l));
  for (const l of both) {
    const [m, n] = [length(a, l), length(b, l)];
    const meet = m === n || (keep.has(l) && (m === 1 || n === 1)); // what one has once stands beside each of the other
    if (!meet) refuse(site, `the equation ${site.text("equation")} for lengths ${m} and ${n} of ${l}`);
  }
  const batch = both.filter((l) => keep.has(l));
  const sums = both.filter((l) => !keep.has(l));
  const rows = a.letters.filter((l) => !both.includes(l));
  const columns = b.letters.filter((l) => !both.includes(l));
  if (sums.length === 0) {
    const [x, y] = [ordered(g, a, [...batch, ...rows]).v, ordered(g, b, [...batch, ...columns]).v];
    const apart = columns.length === 0 ? x : g.Unsqueeze(x, { axes: columns.map((_, i) => x.shape.length + i) });
    const across = rows.length === 0 ? y : g.Unsqueeze(y, { axes: rows.map((_, i) => batch.length + i) });
    return { v: g.Mul(apart, across), letters: [...batch, ...rows, ...columns] };
  }
  const [x, y] = [ordered(g, a, [...batch, ...rows, ...sums]).v, ordered(g, b, [...batch, ...sums, ...columns]).v];
  const [i, j] = [x.shape.slice(batch.length), y.shape.slice(batch.length)];
  const k = size(i.slice(rows.length));
  // with one matrix for all, rows need not be made one axis: so a batch among them stays free
  const free = batch.length === 0 && rows.length > 0;
  const [m, n] = [i.slice(0, rows.length), j.slice(sums.length)];
  const A = shaped(g, x, [...x.shape.slice(0, batch.length), ...(free ? m : [size(m)]), k]);
  const B = shaped(g, y, [...y.shape.slice(0, batch.length), k, size(n)]);
  const made = g.MatMul(A, B);
  const leading = made.shape.slice(0, batch.length);
  return { v: shaped(g, made, [...leading, ...m, ...n]), letters: [...batch, ...rows, ...columns] };
}
