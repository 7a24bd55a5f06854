/**
 * Whether a small model is what a certificate leaves of the full one: every stored tensor of the full model is there
 * without the slices that went, and otherwise the same, but that constants moved into biases.
 */
import { sameShape } from "../graph/tensor.ts";
import type { Model, Tensor, Value } from "../graph/types.ts";
import { biases, type Gone } from "./biases.ts";
import { type Certificate, indices, type RemovedSlices } from "./certificate.ts";
import type { Case } from "./claims.ts";
import { places } from "./field.ts";
import { NEED, type Need } from "./rules/rule.ts";

/** @returns one line for each tensor that is not as the certificate leaves it */
export function account({ graph, facts, needs }: Case, small: Model, { removed }: Certificate): string[] {
  const left = new Map([...small.graph.initializers].map(([v, t]) => [v.name, t]));
  const whole = new Set(removed.filter((r) => r.axis === null).map((r) => r.tensor));
  const byTensor = new Map<string, RemovedSlices[]>();
  for (const r of removed) {
    const known = byTensor.get(r.tensor);
    if (known) known.push(r);
    else byTensor.set(r.tensor, [r]);
  }
  const gone: Gone = (v) => {
    const axes = v.shape.map(() => new Set<number>());
    for (const { axis, index } of byTensor.get(v.name) ?? [])
      if (axis !== null) for (const i of indices(index, v.shape[axis] ?? 0) ?? []) axes[axis].add(i);
    return axes;
  };
  const problems: string[] = [];
  const added = biases(graph, small.graph, facts, gone, whole);
  for (const [v, t] of graph.initializers) {
    const now = left.get(v.name);
    if (!now && !whole.has(v.name)) problems.push(`${v.name} is missing, and the certificate does not say so`);
    if (now && whole.has(v.name)) problems.push(`${v.name} is still there`);
    if (!now || whole.has(v.name)) continue;
    const fault = difference(v, t, now, gone(v), added.compared.has(v) ? undefined : needs.of(v));
    if (fault) problems.push(`${v.name} ${fault}`);
  }
  return [...problems, ...added.problems];
}

/** @param need of its elements; undefined = its numbers are compared otherwise */
function difference(
  v: Value,
  t: Tensor,
  now: Tensor,
  gone: readonly ReadonlySet<number>[],
  need: Need | undefined,
): string | undefined {
  const shape = v.shape.map((d, i) => d - gone[i].size);
  if (shape.join() !== now.shape.join() || now.dtype !== t.dtype)
    return `is [${now.shape}], and the certificate leaves [${shape}]`;
  if (!need) return undefined;
  const level = sameShape(need.shape, v.shape) ? undefined : places(need.shape, v.shape);
  const stays = v.shape.map((d, axis) => {
    const left = new Uint8Array(d).fill(1);
    for (const i of gone[axis]) left[i] = 0;
    return left;
  });
  const [old, kept] = [t.data, now.data];
  const inner = v.shape.at(-1) ?? 1;
  const along = stays.at(-1) ?? Uint8Array.of(1);
  /** What no output depends on may be anything; what stays and makes a constant or a zero still makes it. */
  const mayDiffer = (at: number, next: number): boolean =>
    (Number.isNaN(old[at]) && Number.isNaN(kept[next])) || need.level[level ? level[at] : at] === NEED.unread;
  let [at, next] = [0, 0];
  /** Whether the indices of the last axis that stay are well. */
  const rowAlike = (): boolean => {
    let to = next;
    for (let i = 0; i < inner; i++) {
      if (along[i] === 0) continue;
      if (old[at + i] !== kept[to] && !mayDiffer(at + i, to)) return false;
      to++;
    }
    next = to;
    return true;
  };
  /** Whether all is well from an axis on. */
  const alike = (axis: number, here: boolean): boolean => {
    if (axis >= v.shape.length - 1) {
      if (here && !rowAlike()) return false;
      at += inner;
      return true;
    }
    for (let i = 0; i < v.shape[axis]; i++) if (!alike(axis + 1, here && stays[axis][i] === 1)) return false;
    return true;
  };
  return alike(0, true) ? undefined : "holds other numbers";
}
