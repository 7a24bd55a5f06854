/** From what the library says of a model and of its removals to the rows of tables. */
import { aList, anObject, wants } from "../given.ts";
import type { Model } from "../graph/types.ts";
import type { Certificate } from "../proof/certificate.ts";
import type { LayerRow, ModelInput, RankRow, RemovalRow } from "../report/results.ts";
import type { Inspection } from "../shrink/inspect.ts";
import type { Normalization } from "../step/input.ts";

/** One row per layer with a weight: as trained, and what is left of it in the small model. */
export function layerRows(
  { layers }: Inspection,
  full: Model,
  small?: Model,
  ranks: readonly RankRow[] = [],
): LayerRow[] {
  const left = new Map([...(small?.graph.initializers.keys() ?? [])].map((v) => [v.name, v.shape]));
  const tensors = new Map([...full.graph.initializers].map(([v, t]) => [v.name, t.data]));
  const split = new Map(ranks.filter((r) => r.split).map((r) => [r.weight, r.rank]));
  return layers.map((layer) => ({
    name: layer.weight,
    shape: layer.shape,
    smallShape: left.get(layer.weight),
    ...(split.has(layer.weight) && { rank: split.get(layer.weight) }),
    params: layer.params,
    groups: layer.groups,
    zeroGroups: layer.zeroGroups,
    sparsity: zeroShare(tensors.get(layer.weight)),
    ...(layer.kept.length > 0 && { note: layer.kept.join("; ") }),
  }));
}

function zeroShare(data: ArrayLike<number | bigint> | undefined): number {
  if (!data?.length) return 0;
  let zeros = 0;
  for (let i = 0; i < data.length; i++) if (Number(data[i]) === 0) zeros++;
  return zeros / data.length;
}

/** How to run a model: its first input and the output that was trained. */
export function inputRow(model: Model, output?: string, normalization?: Normalization): ModelInput {
  const [input] = model.graph.inputs;
  return {
    name: input.name,
    shape: model.dims.get(input.name) ?? input.shape,
    output: output ?? model.graph.outputs[0].name,
    ...normalization,
  };
}

/** The certificate's removals, counted by tensor, axis and reason. */
export function removalRows(certificate: Certificate): RemovalRow[] {
  wants("removalRows", ["certificate", anObject, certificate], ["certificate.removed", aList, certificate, "removed"]);
  const { removed } = certificate;
  const rows = new Map<string, RemovalRow>();
  for (const { tensor, axis, count, reason } of removed) {
    const key = `${tensor} ${axis} ${reason}`;
    rows.set(key, { tensor, axis, count: (rows.get(key)?.count ?? 0) + count, reason });
  }
  return [...rows.values()];
}
