/** Makes groups of a model zero. */
import type { Model } from "../src/graph/types.ts";
import type { GroupSet } from "../src/groups/group-set.ts";
import { eachRun } from "../src/groups/runs.ts";

/** Sets groups to zero in place, so that no second copy is kept. @param isDead of which set, and the group's index in it; asked once each */
export function zeroInPlace(
  model: Model,
  sets: readonly GroupSet[],
  isDead: (set: GroupSet, group: number) => boolean,
): void {
  for (const set of sets) {
    const dead = Array.from({ length: set.count }, (_, group) => isDead(set, group));
    for (const { param, view, axes, channels } of set.members) {
      const data = model.graph.initializers.get(param)!.data as Float32Array;
      eachRun(view, axes, [], (c, _, start, end) => {
        const group = channels ? channels[c] : c;
        if (group >= 0 && dead[group]) data.fill(0, start, end);
      });
    }
  }
}
