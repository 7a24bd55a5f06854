/** Attention of which several heads of queries share one of keys, as ONNX Runtime fuses it. Source: its docs/ContribOperators.md. */
import type { Builder } from "../../graph/builder.ts";
import { flag, float, int } from "../../graph/op.ts";
import type { Value } from "../../graph/types.ts";
import { apart, attend, repeated, together } from "./attention-core.ts";
import { type Expansion, type ExpansionSite, refuse, refuseInputs, refuseSettings } from "./expansion.ts";
import { positionsAlong } from "./positions.ts";
import { embeddedHeads } from "./rotary.ts";

/** Queries, keys and values by heads; side by side in one value where keys are absent. */
function byHeads(g: Builder, site: ExpansionSite, own: number, shared: number): readonly Value[] {
  const [query, key, value] = site.in;
  if (key && value) return [apart(g, query!, own), apart(g, key, shared), apart(g, value, shared)];
  const width = query!.shape[2] / (own + 2 * shared);
  const heads = [own, shared, shared];
  const parts = g.Split(query!, { axis: -1, split: heads.map((n) => n * width) });
  return parts.map((part, i) => apart(g, part, heads[i]));
}

/** Keys up to a query's own position, of those that a sample has, and as near as the window. */
function seen(g: Builder, site: ExpansionSite, q: Value, k: Value): Value[] {
  const row = positionsAlong(g, q, 2);
  const column = g.Transpose(positionsAlong(g, k, 2), { perm: [0, 1, 3, 2] });
  const last = g.Cast(g.Reshape(site.in[5]!, { shape: [-1, 1, 1, 1] }), { to: "int64" });
  const window = site.number("local_window_size");
  const near = window < 0 ? [] : [g.Less(g.Sub(row, column), g.scalar(window, "int64"))];
  return [g.Not(g.Greater(column, row)), g.Not(g.Greater(column, last)), ...near];
}

/**
 * Inputs: queries, keys, values, past keys and values, the last position of each sample, the number of positions, cosines, sines, positions, bias of
 * scores, sinks.
 */
export const GroupQueryAttention: Expansion = {
  inputs: [7, 12],
  absent: [1, 2, 3, 4],
  attrs: {
    do_rotary: flag(0),
    kv_num_heads: int(),
    local_window_size: int(-1),
    num_heads: int(),
    qk_output: int(0),
    rotary_interleaved: flag(0),
    scale: float(),
    smooth_softmax: int(0),
    softcap: float(0),
  },
  emit(g, site) {
    const [, key, value, , , , , cos, sin, , bias] = site.in;
    // of positions the runtime takes the first number alone, and counts on from it in every sample
    refuseInputs(site, { 3: "past_key", 4: "past_value", 9: "position_ids", 11: "head_sink" });
    refuseSettings(site, ["qk_output"]);
    if (site.number("smooth_softmax") > 0) refuse(site, "smooth_softmax");
    if (Boolean(key) !== Boolean(value)) refuse(site, "keys without values");
    const [own, shared] = [site.number("num_heads"), site.number("kv_num_heads")];
    if (!(own > 0 && shared > 0 && own % shared === 0)) refuse(site, `${own} heads of queries and ${shared} of keys`);
    const [query, keys, v] = byHeads(g, site, own, shared);
    const rotary = site.number("do_rotary") === 1;
    if (rotary && !(cos && sin)) refuse(site, "do_rotary without its tables");
    const interleaved = site.number("rotary_interleaved") === 1;
    const around = (x: Value) => (rotary ? embeddedHeads(g, x, cos!, sin!, interleaved) : x);
    const [q, k] = [around(query), around(keys)];
    const { y } = attend(g, {
      q,
      k: repeated(g, k, own / shared),
      v: repeated(g, v, own / shared),
      scale: site.number("scale") || 1 / Math.sqrt(q.shape[3]),
      softcap: site.number("softcap"),
      added: bias ? [bias] : [],
      allowed: seen(g, site, q, k),
    });
    return [together(g, y), k, v];
  },
};
