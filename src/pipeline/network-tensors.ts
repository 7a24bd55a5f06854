/** The stored tensors of a network beside its nodes: who reads them, what they are, how much of them may go. */
import { untrained } from "../graph/precision.ts";
import { roles } from "../graph/roles.ts";
import { size } from "../graph/tensor.ts";
import type { Graph, Model, Node, Value } from "../graph/types.ts";
import { runningStatistics } from "../graph/walk.ts";
import type { GroupSet } from "../groups/group-set.ts";
import { marksOf } from "../onnx/marks.ts";
import { shapeText } from "../report/format.ts";
import type { DrawnTensor } from "../report/network.ts";

/** Nodes of a graph that compute on what is fed, with the stored tensors that they read, be it through nodes that do not. */
export function fedNodes({ inputs, outputs, initializers, nodes }: Graph): Map<Node, readonly Value[]> {
  const asked = new Set<Value | null>(outputs);
  const fed = new Set<Value | null>(inputs.filter((v) => !initializers.has(v)));
  const behind = new Map<Value | null, readonly Value[]>([...initializers.keys()].map((v) => [v, [v]]));
  const found = new Map<Node, readonly Value[]>();
  for (const node of nodes) {
    const stored = [...new Set(node.inputs.flatMap((v) => behind.get(v) ?? []))];
    if (node.inputs.some((v) => fed.has(v)) || node.outputs.some((o) => asked.has(o))) {
      found.set(node, stored);
      for (const o of node.outputs) fed.add(o);
    } else for (const o of node.outputs) behind.set(o, stored);
  }
  return found;
}

/** What each stored tensor is, in words. */
export function tensorFacts(model: Model, graph: Graph): (v: Value) => DrawnTensor {
  const said = new Map([...roles(model.graph, marksOf(model))].map(([v, role]) => [v.name, role]));
  const running = new Set([...runningStatistics(graph)].map((v) => v.name));
  const others = new Set(untrained(model.graph).map((v) => v.name));
  return ({ name, shape, dtype }) => {
    const shown = { name, shape: shapeText(shape), dtype };
    if (running.has(name)) return { ...shown, learns: false, why: "running statistic" };
    if (others.has(name)) return { ...shown, learns: false, why: "only float32 is trained" };
    const { learns, why } = said.get(name) ?? { learns: false, why: "whole numbers" };
    return { ...shown, learns, why };
  };
}

/**
 * The share of each parameter, by name, that goes with some channel that may go: read by it on one axis, made by it on another.
 * @param sides coupled groups of both sides
 */
export function removableShares(sides: readonly (readonly GroupSet[])[]): Map<string, number> {
  const stays = new Map<string, Map<string, number>>();
  for (const sets of sides)
    for (const { members } of sets)
      for (const { param, view, axes, channels } of members) {
        const n = axes.reduce((k, a) => k * view[a], 1);
        const inGroups = channels ? channels.reduce((k, c) => k + (c >= 0 ? 1 : 0), 0) : n;
        const perAxis = stays.get(param.name) ?? new Map<string, number>();
        const key = `${view}/${axes}`; // an axis counts once: the same channels may be those of both sides
        perAxis.set(key, Math.min(perAxis.get(key) ?? 1, 1 - inGroups / n));
        stays.set(param.name, perAxis);
      }
  return new Map([...stays].map(([name, parts]) => [name, 1 - [...parts.values()].reduce((x, y) => x * y, 1)]));
}

/** How many numbers each node is the first to read, and how many of them may go. */
export function countedOnce(
  nodes: ReadonlyMap<Node, readonly Value[]>,
  shares: ReadonlyMap<string, number>,
  counts: (v: Value) => boolean,
): Map<Node, { readonly params: number; readonly removableParams: number }> {
  const seen = new Set<Value>();
  return new Map(
    [...nodes].map(([node, stored]) => {
      const own = stored.filter((v) => counts(v) && !seen.has(v) && seen.add(v));
      const params = own.reduce((n, v) => n + size(v.shape), 0);
      const removableParams = own.reduce((n, v) => n + size(v.shape) * (shares.get(v.name) ?? 0), 0);
      return [node, { params, removableParams: Math.round(removableParams) }];
    }),
  );
}
