/** Classes through a regrouping of axes: an axis that is taken apart has the classes of its factors as parts, one that is joined too. */
import type { Allowance } from "../graph/allowance.ts";
import { size } from "../graph/tensor.ts";
import type { Shape } from "../graph/types.ts";
import type { AxisFactor } from "./axes/rule.ts";
import type { Classes } from "./classes.ts";

/** The axes of a value that is made of the factors of another's. @template C what an axis is that has no classes */
export interface Regrouped<C> {
  readonly axes: readonly (Int32Array | C)[];
  /** Classes of factors that are in none of them. */
  readonly lost: readonly Int32Array[];
}

/**
 * @param before the classes of the input's axes, or why an axis has none
 * @param to the output's shape
 * @param none what an axis is that has no factor
 * @returns undefined when it takes more than is allowed
 */
export function regrouped<C>(
  classes: Classes,
  allowance: Allowance,
  before: readonly (Int32Array | C)[],
  factors: readonly AxisFactor[],
  to: Shape,
  none: C,
): Regrouped<C> | undefined {
  const found = new Map<AxisFactor, Int32Array | C>();
  for (const [axis, a] of before.entries()) {
    const own = factors.filter((f) => f.from === axis);
    if (own.length === 0) continue;
    if (!(a instanceof Int32Array)) for (const f of own) found.set(f, a);
    else if (own.length < 2 || allowance.take(own.length * a.length))
      for (const [i, line] of divided(
        classes,
        a,
        own.map((f) => f.size),
      ).entries())
        found.set(own[i], line ?? none);
    else return undefined;
  }
  const axes: (Int32Array | C)[] = [];
  for (const [axis, d] of to.entries()) {
    const own = factors.filter((f) => f.to === axis);
    const lines = own.map((f) => found.get(f) ?? none);
    if (own.length > 1 && lines.some((line) => line instanceof Int32Array)) {
      if (!allowance.take(d)) return undefined;
      const parts = lines.map((line, i) => ({
        size: own[i].size,
        classes: line instanceof Int32Array ? line : undefined,
      }));
      axes.push(joined(classes, parts));
    } else axes.push(lines[0] ?? none);
  }
  const lost = [...found].flatMap(([{ to }, line]) => (to === undefined && line instanceof Int32Array ? [line] : []));
  return { axes, lost };
}

/** The classes of the factors of an axis; undefined for a factor along which nothing goes by itself. */
function divided(
  classes: Classes,
  axis: Int32Array,
  [first = 1, ...rest]: readonly number[],
): readonly (Int32Array | undefined)[] {
  if (rest.length === 0) return [axis];
  const [outer, inner] = inTwo(classes, axis, first, axis.length / first);
  return [outer, ...(inner ? divided(classes, inner, rest) : rest.map(() => undefined))];
}

function inTwo(
  classes: Classes,
  axis: Int32Array,
  a: number,
  b: number,
): readonly [Int32Array | undefined, Int32Array | undefined] {
  const whole = axis.every((c) => classes.isWhole(c)) && new Set(axis.map((c) => classes.find(c))).size === axis.length;
  if (!whole) return known(classes, axis, a, b) ?? [blocks(classes, axis, a, b), undefined];
  const [outer, inner] = [classes.fresh(a), classes.fresh(b)];
  axis.forEach((c, i) => {
    classes.divide(c, [outer[Math.floor(i / b)], inner[i % b]]);
  });
  return [outer, inner];
}

/** The factors where every class is already made of what its row and its column have in common. */
function known(
  classes: Classes,
  axis: Int32Array,
  a: number,
  b: number,
): readonly [Int32Array | undefined, Int32Array | undefined] | undefined {
  const parts = Array.from(axis, (c) => classes.parts(c));
  const common = (at: (k: number) => number, n: number) => {
    const others = Array.from({ length: n - 1 }, (_, k) => new Set(parts[at(k + 1)]));
    return parts[at(0)].filter((p) => others.every((o) => o.has(p)));
  };
  const rows = Array.from({ length: a }, (_, h) => common((j) => h * b + j, b));
  const inRows = new Set(rows.flat());
  const columns = Array.from({ length: b }, (_, j) => common((h) => h * b + j, a).filter((p) => !inRows.has(p)));
  const covered = parts.every((own, i) => {
    const [row, column] = [rows[Math.floor(i / b)], columns[i % b]];
    return own.every((p) => row.includes(p) || column.includes(p));
  });
  if (!covered) return undefined;
  const composed = (all: readonly (readonly number[])[]) =>
    all.every((own) => own.length > 0) ? Int32Array.from(all, (own) => classes.compose(own)) : undefined;
  return [composed(rows), composed(columns)];
}

/** Every index of the first factor with all that it stands for. */
function blocks(classes: Classes, axis: Int32Array, a: number, b: number): Int32Array {
  return Int32Array.from({ length: a }, (_, h) => {
    for (let j = 1; j < b; j++) classes.unite(axis[h * b], axis[h * b + j]);
    return axis[h * b];
  });
}

/** The classes of an axis that factors are joined to. @param own their classes and sizes; those without classes are of no class */
function joined(
  classes: Classes,
  own: readonly { readonly classes: Int32Array | undefined; readonly size: number }[],
): Int32Array {
  const open = own.flatMap((f, i) =>
    f.classes ? [{ ...f, of: f.classes, inner: size(own.slice(i + 1).map((g) => g.size)) }] : [],
  );
  return Int32Array.from({ length: size(own.map((f) => f.size)) }, (_, i) =>
    classes.compose(open.map(({ of, size: n, inner }) => of[Math.floor(i / inner) % n])),
  );
}
