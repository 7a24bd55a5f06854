/**
 * Groups: which weights live and die together. Penalties, metrics, `inspect` and `shrink` ask here.
 * Kinds as the papers name them (Huang & Lee 2022 use `inputChannel`); `coupled` is everything that must be zero
 * for one channel to be removable from the whole network, a head of an attention as a whole; `headWidth` is the same but for attentions,
 * of which it has one index of every head: a query with its key, a value.
 */

import { UsageError } from "../error.ts";
import { aGraph, aList, anObject, aText, oneOfKinds, wants } from "../given.ts";
import { size } from "../graph/tensor.ts";
import type { Graph, Value } from "../graph/types.ts";
import { withoutUnread } from "../graph/walk.ts";
import { blocksOf } from "./blocks.ts";
import { layerSets } from "./branches.ts";
import { coupledSets } from "./coupled.ts";
import type { BlockKind, GroupKind, GroupSet, Member, SideOptions } from "./group-set.ts";
import { rootView, type WeightUse, weightUses } from "./weights.ts";

/**
 * The groups of a graph, one set per weight (per set of tied axes, for `coupled`). Sets do not overlap.
 * @throws UsageError for blocks of a size below 1
 */
export function groupSets(whole: Graph, kind: GroupKind, options: SideOptions = {}): GroupSet[] {
  wants(
    "groupSets",
    ["graph", aGraph, whole],
    ["kind", oneOfKinds(aText, anObject), kind],
    ["options", anObject, options],
  );
  const graph = withoutUnread(whole);
  if (typeof kind === "object") {
    checkBlock(kind);
    return perWeight(graph, (use) => blocksOf(use, kind.block));
  }
  switch (kind) {
    case "element":
      return perWeight(graph, ({ stored: { root } }) => ({ view: [size(root.shape)], axes: [0] }));
    case "inputChannel":
      return perWeight(graph, (use) => rootView(use.stored, use.view, use.reads));
    case "outputChannel":
      return perWeight(graph, (use) => rootView(use.stored, use.view, use.makes));
    case "layer":
      return layerSets(graph);
    case "coupled":
      return coupledSets(graph, options.side ?? "consumer");
    case "headWidth":
      return coupledSets(graph, options.side ?? "consumer", undefined, "index");
  }
}

/** How a weight falls into groups. Absent sizes: all are equal. */
type Slices = Pick<Member, "view" | "axes" | "pad"> & { readonly sizes?: Float64Array };

function checkBlock(kind: BlockKind): void {
  wants("groupSets", ["kind.block", aList, kind, "block"]);
  const { block } = kind;
  if (block.length !== 2 || !block.every((n) => Number.isSafeInteger(n) && n >= 1))
    throw new UsageError("out-of-range", "the size of a block is out of range", {
      got: block.join(", "),
      wanted: "two integers ≥ 1",
    });
}

/** One set per weight that is a trainable parameter; a weight used twice counts once, as its first use sees it. */
function perWeight(graph: Graph, slices: (use: WeightUse) => Slices | undefined): GroupSet[] {
  const sets = new Map<Value, GroupSet>();
  for (const use of weightUses(graph)) {
    const param = use.stored.root;
    const found = slices(use);
    if (!found || sets.has(param) || !graph.initializers.has(param) || param.dtype !== "float32") continue;
    const { sizes: own, ...view } = found;
    const count = view.axes.reduce((n, a) => n * view.view[a], 1);
    const sizes = own ?? new Float64Array(count).fill(size(param.shape) / count);
    sets.set(param, { name: param.name, count, members: [{ param, channels: null, ...view }], sizes });
  }
  return [...sets.values()];
}
