/** Models with exact zeros, made by hand: whole groups, or rows, columns and vectors anywhere. */
import type { Model, Tensor, Value } from "../../src/graph/types.ts";
import type { GroupSet } from "../../src/groups/group-set.ts";
import { eachRun } from "../../src/groups/runs.ts";
import type { Random } from "../../src/math/random.ts";

/** The model with some groups of every set set to zero. */
export function zeroed(m: Model, sets: readonly GroupSet[], dead: (set: GroupSet, group: number) => boolean): Model {
  const initializers = new Map<Value, Tensor>(m.graph.initializers);
  for (const set of sets)
    for (const { param, view, axes, channels } of set.members) {
      const t = initializers.get(param)!;
      const data = Float32Array.from(t.data as Float32Array);
      eachRun(view, axes, [], (c, _, start, end) => {
        const group = channels ? channels[c] : c;
        if (group >= 0 && dead(set, group)) data.fill(0, start, end);
      });
      initializers.set(param, { ...t, data });
    }
  return { ...m, graph: { ...m.graph, initializers } };
}

/** Rows, columns, whole tensors, biases and norm parameters zero at random: constants everywhere, dead branches, dead chains. */
export function scattered(m: Model, random: Random): Model {
  const [rows, columns, vectors] = [random.uniform() * 0.7, random.uniform() * 0.7, random.uniform() * 0.6];
  const zero = (v: Value, t: Tensor): Tensor => {
    const data = Float32Array.from(t.data as Float32Array);
    v.shape.forEach((d, axis) => {
      const share = v.shape.length === 1 ? vectors : [rows, columns][axis];
      if (!share || v.name.includes("running")) return;
      const dead = Array.from({ length: d }, () => random.uniform() < share);
      if (random.uniform() < 0.05) dead.fill(true);
      eachRun(v.shape, [axis], [], (c, _, start, end) => {
        if (dead[c]) data.fill(0, start, end);
      });
    });
    return { ...t, data };
  };
  const initializers = new Map([...m.graph.initializers].map(([v, t]) => [v, zero(v, t)]));
  return { ...m, graph: { ...m.graph, initializers } };
}
