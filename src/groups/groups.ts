/**
 * Groups: which weights live and die together. Penalties, metrics, `inspect` and `shrink` ask here.
 * Kinds as the papers name them (Huang & Lee 2022 use `inputChannel`); `coupled` is everything that must be zero
 * for one channel to be removable from the whole network.
 */
import { UsageError } from "../error.ts";
import { size } from "../graph/tensor.ts";
import type { Graph, Shape, Value } from "../graph/types.ts";
import { prune } from "../graph/walk.ts";
import { blocksOf } from "./blocks.ts";
import { coupledSets } from "./coupled.ts";
import { rootView, type WeightUse, weightUses } from "./weights.ts";

/** What dies together: one weight, all that reads or all that makes a channel of one tensor, or of the whole network. */
export type GroupKind = "element" | "inputChannel" | "outputChannel" | "coupled" | BlockKind;

/** Blocks of so many outputs × so many inputs of one weight; at its end they may be smaller. */
export interface BlockKind {
  readonly block: readonly [outputs: number, inputs: number];
}

/** The kind in words. */
export const kindText = (kind: GroupKind): string =>
  typeof kind === "string" ? kind : `${kind.block.join("×")} block`;

/** The slices of one tensor that belong to the groups of a set. */
export interface Member {
  /** An initializer. */
  readonly param: Value;
  /** Reshape the tensor to this … */
  readonly view: Shape;
  /** … then these axes, in row-major order, enumerate the view's channels. */
  readonly axes: readonly number[];
  /** Before that: reshape to `from` and append zeros up to `to`. They are in groups, and stay zero. */
  readonly pad?: { readonly from: Shape; readonly to: Shape };
  /** View channel → group of the set; −1 = in no group; null = identity. */
  readonly channels: Int32Array | null;
}

/** Groups of one kind in one place. */
export interface GroupSet {
  /** The name of the weight (of the first weight that makes the channels, for `coupled`). */
  readonly name: string;
  /** Number of groups. */
  readonly count: number;
  readonly members: readonly Member[];
  /** Weights in each group, over all members. */
  readonly sizes: Float64Array;
}

/**
 * Which weights of a channel form its `coupled` group. `consumer`: every weight that reads it;
 * `producer`: every filter, bias and norm parameter that makes it.
 */
export type Side = "consumer" | "producer";

/** Options of `groupSets`. */
export interface SideOptions {
  /** Default `consumer`. */
  readonly side?: Side;
}

/**
 * The groups of a graph, one set per weight (per set of tied axes, for `coupled`). Sets do not overlap.
 * @throws UsageError for blocks of a size below 1
 */
export function groupSets(whole: Graph, kind: GroupKind, options: SideOptions = {}): GroupSet[] {
  const graph = prune(whole);
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
    case "coupled":
      return coupledSets(graph, options.side ?? "consumer");
  }
}

/** How a weight falls into groups. Absent sizes: all are equal. */
type Slices = Pick<Member, "view" | "axes" | "pad"> & { readonly sizes?: Float64Array };

function checkBlock({ block }: BlockKind): void {
  if (block.length !== 2 || !block.every((n) => Number.isSafeInteger(n) && n >= 1))
    throw new UsageError("the size of a block is out of range", { got: block.join(", "), wanted: "two integers ≥ 1" });
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
