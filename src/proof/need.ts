/** Arithmetic of needs. */
import { size } from "../graph/tensor.ts";
import type { Shape } from "../graph/types.ts";
import { allOnes, backwards, type Move, places, taken, union } from "./field.ts";
import { NEED, type Need } from "./rules/rule.ts";

export const everywhere = (rank: number, level: number): Need => ({
  shape: allOnes(rank),
  level: Uint8Array.of(level),
});
export const nowhere = (rank: number): Need => everywhere(rank, NEED.unread);
/** The greatest level anywhere. */
export function highest({ level }: Need): number {
  let most = 0;
  for (let i = 0; i < level.length; i++) if (level[i] > most) most = level[i];
  return most;
}
export function isNeeded({ level }: Need): boolean {
  for (let i = 0; i < level.length; i++) if (level[i] !== NEED.unread) return true;
  return false;
}
/** Whether some element is needed for its constant alone, not live. */
export function isForConstants({ level }: Need): boolean {
  for (let i = 0; i < level.length; i++) if (level[i] !== NEED.unread && level[i] !== NEED.live) return true;
  return false;
}

/**
 * A function of a call and the need of its output that is asked for each input in turn, and computed once. Results are kept as long as
 * the need.
 */
export function onceFor<C extends object, M extends readonly unknown[], T>(
  work: (call: C, need: Need, ...more: M) => T,
): (call: C, need: Need, ...more: M) => T {
  const known = new WeakMap<Need, { readonly call: C; readonly found: T }>();
  return (call, need, ...more) => {
    const last = known.get(need);
    if (last?.call === call) return last.found;
    const found = work(call, need, ...more);
    known.set(need, { call, found });
    return found;
  };
}

export const spreadNeed = ({ shape, level }: Need, to: Shape): Uint8Array =>
  size(to) === level.length ? level : taken(level, places(shape, to));

/** The greater of two needs, element by element. */
export function either(a: Need, b: Need): Need {
  const shape = union(a.shape, b.shape);
  const [x, y] = [spreadNeed(a, shape), spreadNeed(b, shape)];
  const level = x.slice();
  for (let i = 0; i < level.length; i++) if (y[i] > level[i]) level[i] = y[i];
  return { shape, level };
}

/** The same need, with every axis along which it is alike stored once: of a sequence, mostly all tokens are. */
export const collapsedNeed = (need: Need): Need =>
  need.shape.reduce((now, d, axis) => (d > 1 && alike(now, axis) ? first(now, axis) : now), need);

function alike({ shape, level }: Need, axis: number): boolean {
  const inner = size(shape.slice(axis + 1));
  const block = shape[axis] * inner;
  for (let start = 0; start < level.length; start += block)
    for (let i = start + inner; i < start + block; i++) if (level[i] !== level[i - inner]) return false;
  return true;
}

function first({ shape, level }: Need, axis: number): Need {
  const inner = size(shape.slice(axis + 1));
  const block = shape[axis] * inner;
  const kept = new Uint8Array(level.length / shape[axis]);
  for (let start = 0, to = 0; start < level.length; start += block, to += inner)
    kept.set(level.subarray(start, start + inner), to);
  return { shape: shape.map((d, i) => (i === axis ? 1 : d)), level: kept };
}

/** The greatest need along some axes; they have size 1 then. */
export function greatest({ shape, level }: Need, axes: readonly number[]): Need {
  const to = shape.map((d, i) => (axes.includes(i) ? 1 : d));
  if (size(to) === level.length) return { shape: to, level };
  const out = new Uint8Array(size(to));
  const at = places(to, shape);
  for (let i = 0; i < at.length; i++) if (level[i] > out[at[i]]) out[at[i]] = level[i];
  return { shape: to, level: out };
}

/** The greatest need of each index of an axis. */
export function alongAxis({ shape, level }: Need, axis: number): Uint8Array {
  const out = new Uint8Array(shape[axis]);
  const inner = size(shape.slice(axis + 1));
  for (let at = 0; at < level.length; )
    for (let c = 0; c < out.length; c++, at += inner)
      for (let i = at; out[c] < NEED.live && i < at + inner; i++) if (level[i] > out[c]) out[c] = level[i];
  return out;
}

/** The need of what is broadcast: of a shape whose axes may be fewer, or 1. `at` is where its first axis stands. */
export function unbroadcast(need: Need, shape: Shape, at = need.shape.length - shape.length): Need {
  const kept = (i: number) => i >= at && i < at + shape.length && shape[i - at] !== 1;
  const most = greatest(
    need,
    need.shape.flatMap((_, i) => (kept(i) ? [] : [i])),
  );
  return { shape: most.shape.slice(at, at + shape.length), level: most.level };
}

/** The need before some steps. */
export const movedBack = (need: Need, steps: readonly Move[]): Need =>
  steps.reduceRight((now, step): Need => {
    const { shape, data } = backwards(now.shape, now.level, step);
    return { shape, level: data };
  }, need);
