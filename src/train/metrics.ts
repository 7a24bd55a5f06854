/** What is measured at the end of an epoch: sparsities and the zero pattern's stability (rmda.md section 4). */

import { joinedBytes } from "../bytes.ts";
import type { Graph, Tensor } from "../graph/types.ts";
import type { GroupSet } from "../groups/group-set.ts";
import { groupSets } from "../groups/groups.ts";
import { countZeros, zeroGroups } from "../groups/zeros.ts";
import type { EpochMetrics, GroupSparsity, Prunes } from "../report/results.ts";
import { parameters } from "../step/parameters.ts";

type Tensors = ReadonlyMap<string, Tensor>;

/** Measures the structure of one model, epoch after epoch. */
export class Structure {
  /** The trained groups; coupled ones for dense training. */
  readonly sets: readonly GroupSet[];
  readonly prunes: Prunes;
  private readonly inputSets: readonly GroupSet[];
  private readonly parameterNames: readonly string[];

  constructor(graph: Graph, trained: readonly GroupSet[]) {
    this.sets = trained.length > 0 ? trained : groupSets(graph, "coupled");
    const single = trained.every((set) => set.sizes.every((size) => size === 1));
    this.prunes = trained.length === 0 ? "nothing" : single ? "weights" : "groups";
    this.inputSets = groupSets(graph, "inputChannel");
    this.parameterNames = parameters(graph).trained.map((v) => v.name);
  }

  /** @param dual parameters at the sparse point of an optimizer that still averages */
  measure(
    tensors: Tensors,
    dual?: Tensors,
  ): Pick<EpochMetrics, keyof GroupSparsity | "elementSparsity" | "inputChannel" | "dual"> {
    return {
      ...measure(this.sets, tensors),
      elementSparsity: this.elementSparsity(tensors),
      inputChannel: measure(this.inputSets, tensors),
      ...(dual && { dual: measure(this.sets, dual) }),
    };
  }

  private elementSparsity(tensors: Tensors): number {
    let zeros = 0;
    let total = 0;
    for (const name of this.parameterNames) {
      const { data } = tensors.get(name)!;
      total += data.length;
      for (let i = 0; i < data.length; i++) if (data[i] === 0) zeros++;
    }
    return zeros / total;
  }

  /** One byte per trained group, 1 = zero. */
  pattern(tensors: Tensors): Uint8Array {
    return joinedBytes(this.sets.map((set) => zeroGroups(set, tensors)));
  }
}

function measure(sets: readonly GroupSet[], tensors: Tensors): GroupSparsity {
  const { groups, zero, weights, zeroWeights } = countZeros(sets, tensors);
  return { groupSparsity: groups ? zero / groups : 0, weightedGroupSparsity: weights ? zeroWeights / weights : 0 };
}

/** In how many places two patterns differ; all of `b` when there is no `a`. */
export function changes(a: Uint8Array | undefined, b: Uint8Array): number {
  if (!a) return b.reduce((n, x) => n + x, 0);
  let n = 0;
  for (let i = 0; i < b.length; i++) if (a[i] !== b[i]) n++;
  return n;
}
