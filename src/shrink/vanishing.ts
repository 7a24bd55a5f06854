/**
 * No tensor may become empty, except where everything that reads it vanishes too or can do without it. Values that would
 * become so are gone through in order, and one channel of each that cannot vanish stays; what stays keeps others from
 * vanishing, and that is followed from value to value. Takes time in proportion to the graph.
 */
import type { Node, Value } from "../graph/types.ts";
import { consumers, producers } from "../graph/walk.ts";
import { type Analysis, values } from "./analysis.ts";
import { shrinkRuleOf } from "./rules/index.ts";

/** The axes of a value that have channels, by their arrays; several values may share one. */
type Classes = Int32Array;

/**
 * @param remove the classes to remove
 * @param keep is called with a channel of each value that would be empty and cannot vanish; it is no more among those to remove
 *   from then on
 * @param choose which one of a value's channels that is. Default: the first
 */
export function keepOneOfEach(
  analysis: Analysis,
  remove: { has(channel: number): boolean },
  keep: (channel: number, value: Value) => void,
  choose: (channels: Classes) => number = ([first]) => first,
): void {
  const all = values(analysis);
  const place = new Map(all.map((v, i) => [v, i]));
  const empty = new Empty(analysis, all, remove);
  const readers = consumers(analysis.graph);
  const makers = producers(analysis.graph);
  /** The values that would be empty and can vanish. */
  const vanishing = new Set<Value>();
  const spared = (n: Node) =>
    n.outputs.every((o) => !o || (empty.has(o) ? vanishing.has(o) : shrinkRuleOf(n)?.cut.without === "inputs"));
  const stuck = new Lowest();
  // readers stand behind makers: what is said of a value is said of its readers' outputs before
  const made = analysis.graph.nodes.flatMap((n) => n.outputs);
  const before = all.filter((v) => !makers.has(v));
  for (const v of [...before, ...made].reverse()) {
    if (!v || !empty.has(v)) continue;
    if ((readers.get(v) ?? []).every(spared)) vanishing.add(v);
    else stuck.add(place.get(v)!);
  }
  for (let at = stuck.take(); at !== undefined; at = stuck.take()) {
    const value = all[at];
    const axis = empty.axisOf(value);
    if (axis === undefined) continue;
    const chosen = choose(analysis.channels.of(value, axis)!);
    keep(chosen, value);
    const later = empty.without(chosen);
    if (empty.has(value)) stuck.add(at);
    while (later.length > 0) {
      const v = later.pop()!;
      const maker = makers.get(v);
      if (!maker || spared(maker)) continue;
      for (const x of maker.inputs)
        if (x && vanishing.delete(x) && empty.has(x)) {
          stuck.add(place.get(x)!);
          later.push(x);
        }
    }
  }
}

/** Which values would be empty, while channels are kept one by one. */
class Empty {
  private readonly axes = new Map<Value, Map<number, Classes>>();
  private readonly users = new Map<Classes, Value[]>();
  /** Of a class without parts, the axes that have it, or a class that it is part of. */
  private readonly holders = new Map<number, Classes[]>();
  private readonly parts: Analysis["channels"]["parts"];
  private readonly remove: { has(channel: number): boolean };

  constructor({ channels }: Analysis, all: readonly Value[], remove: { has(channel: number): boolean }) {
    this.parts = channels.parts;
    this.remove = remove;
    const gone = new Map<Classes, boolean>();
    for (const v of all)
      v.shape.forEach((_, axis) => {
        const classes = channels.of(v, axis);
        if (!classes?.length) return;
        if (!gone.has(classes)) {
          gone.set(
            classes,
            classes.every((c) => remove.has(c)),
          );
          const held = gone.get(classes) ? new Set([...new Set(classes)].flatMap((c) => channels.parts(c))) : [];
          for (const c of held) listed(this.holders, c).push(classes);
        }
        if (!gone.get(classes)) return;
        const own = this.axes.get(v) ?? new Map<number, Classes>();
        this.axes.set(v, own.set(axis, classes));
        listed(this.users, classes).push(v);
      });
  }

  has(v: Value): boolean {
    return (this.axes.get(v)?.size ?? 0) > 0;
  }

  /** The last axis along which nothing would be left. */
  axisOf(v: Value): number | undefined {
    return [...(this.axes.get(v)?.keys() ?? [])].at(-1);
  }

  /** A channel stays. @returns the values that are not empty any more */
  without(channel: number): Value[] {
    const filled: Value[] = [];
    for (const part of this.parts(channel)) {
      const held = this.holders.get(part) ?? [];
      const still = held.filter((classes) => !this.fill(classes, filled));
      if (still.length > 0) this.holders.set(part, still);
      else this.holders.delete(part);
    }
    return filled;
  }

  /** @returns whether an axis has an index that stays */
  private fill(classes: Classes, filled: Value[]): boolean {
    if (classes.every((c) => this.remove.has(c))) return false;
    for (const v of this.users.get(classes) ?? []) {
      const axes = this.axes.get(v);
      if (!axes?.size) continue;
      for (const [axis, own] of axes) if (own === classes) axes.delete(axis);
      if (axes.size === 0) filled.push(v);
    }
    return true;
  }
}

function listed<K, V>(map: Map<K, V[]>, key: K): V[] {
  const known = map.get(key);
  if (known) return known;
  const list: V[] = [];
  map.set(key, list);
  return list;
}

/** Numbers of which the lowest is taken first: a binary heap. */
class Lowest {
  private readonly heap: number[] = [];

  add(x: number): void {
    const { heap } = this;
    let i = heap.push(x) - 1;
    for (let up = (i - 1) >> 1; i > 0 && heap[up] > heap[i]; up = (i - 1) >> 1) {
      [heap[up], heap[i]] = [heap[i], heap[up]];
      i = up;
    }
  }

  take(): number | undefined {
    const { heap } = this;
    const [least] = heap;
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return least;
    heap[0] = last;
    for (let i = 0; ; ) {
      const [l, r] = [2 * i + 1, 2 * i + 2];
      let low = i;
      if (l < heap.length && heap[l] < heap[low]) low = l;
      if (r < heap.length && heap[r] < heap[low]) low = r;
      if (low === i) return least;
      [heap[low], heap[i]] = [heap[i], heap[low]];
      i = low;
    }
  }
}
