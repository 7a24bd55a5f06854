/** How large groups are. */
import type { GroupSet } from "./group-set.ts";
import { eachRun } from "./runs.ts";
import { memberValues, type Tensors } from "./zeros.ts";

/** ‖w_g‖₂ of each group of a set, over all its members. */
export function groupNorms(set: GroupSet, tensors: Tensors): Float64Array {
  const squares = new Float64Array(set.count);
  for (const member of set.members) {
    const data = memberValues(member, tensors);
    eachRun(member.view, member.axes, [], (i, _, start, end) => {
      const group = member.channels ? member.channels[i] : i;
      if (group < 0) return;
      let sum = 0;
      for (let at = start; at < end; at++) sum += Number(data[at]) ** 2;
      squares[group] += sum;
    });
  }
  return squares.map(Math.sqrt);
}
