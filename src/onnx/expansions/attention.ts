/** Attention of ONNX itself. Source: ONNX's definition of Attention, opsets 23 and 24. */
import type { Builder } from "../../graph/builder.ts";
import { flag, float, int } from "../../graph/op.ts";
import type { Value } from "../../graph/types.ts";
import { dtypeOf } from "../tensors.ts";
import { apart, attend, type Heads, repeated, together } from "./attention-core.ts";
import { type Expansion, type ExpansionSite, num, refuse } from "./expansion.ts";
import { lengthOf, positionsAlong } from "./positions.ts";

/** What qk_matmul_output is. */
const RAW = 0;
const CAPPED = 1;
const MASKED = 2;
const WEIGHTS = 3;

/** Four axes, whatever the value has. */
const lifted = (g: Builder, x: Value): Value =>
  x.shape.length < 4 ? g.Unsqueeze(x, { axes: [...Array(4 - x.shape.length).keys()] }) : x;

/** Queries see keys up to their own position, behind those that were there before. */
function causal(g: Builder, q: Value, k: Value, before: Value | undefined): Value {
  const row = positionsAlong(g, q, 2);
  const column = g.Transpose(positionsAlong(g, k, 2), { perm: [0, 1, 3, 2] });
  return g.Not(g.Greater(column, before ? g.Add(row, before) : row));
}

interface Joined {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
}

/** Queries, keys and values by heads, behind what the cache holds. */
function joined(g: Builder, site: ExpansionSite): Joined {
  const [q, k, v, , pastKey, pastValue] = site.in;
  const flat = q!.shape.length === 3;
  const [own, shared] = [site.number("q_num_heads"), site.number("kv_num_heads")];
  if (flat && !(own > 0 && shared > 0)) refuse(site, "no number of heads");
  const by = (x: Value, heads: number) => (flat ? apart(g, x, heads) : x);
  const behind = (past: Value | null, x: Value) => (past ? g.Concat([past, x], { axis: 2 }) : x);
  return { q: by(q!, own), k: behind(pastKey, by(k!, shared)), v: behind(pastValue, by(v!, shared)) };
}

function masks(g: Builder, site: ExpansionSite, { q, k }: Joined): Pick<Heads, "added" | "allowed" | "mayShut"> {
  const [, , , mask, past, , valid] = site.in;
  const keys = k.shape[2];
  if (mask && mask.shape.at(-1) !== keys) refuse(site, `an attn_mask of ${mask.shape.at(-1)} keys out of ${keys}`);
  const allowed: Value[] = [];
  const lengths = valid && g.Reshape(valid, { shape: [-1, 1, 1, 1] });
  if (site.number("is_causal")) {
    const before = lengths ? g.Sub(lengths, lengthOf(g, q, 2)) : past ? lengthOf(g, past, 2) : undefined;
    allowed.push(causal(g, q, k, before));
  }
  if (lengths) allowed.push(g.Less(g.Transpose(positionsAlong(g, k, 2), { perm: [0, 1, 3, 2] }), lengths));
  if (mask?.dtype === "bool") allowed.push(lifted(g, mask));
  const added = mask && mask.dtype !== "bool" ? [lifted(g, mask)] : [];
  return { allowed, added, mayShut: allowed.length > (lengths ? 0 : site.number("is_causal")) };
}

export const Attention: Expansion = {
  inputs: [3, 7],
  attrs: {
    is_causal: flag(0),
    kv_num_heads: int(),
    q_num_heads: int(),
    qk_matmul_output_mode: int(0),
    scale: float(),
    softcap: float(0),
    softmax_precision: int(),
  },
  emit(g, site) {
    const stated = site.number("softmax_precision");
    const precision = stated ? dtypeOf(stated, `${site.node}.softmax_precision`) : undefined;
    const all = joined(g, site);
    const { q, k, v } = all;
    const count = q.shape[1] / k.shape[1];
    if (!Number.isInteger(count)) refuse(site, `${q.shape[1]} heads of queries and ${k.shape[1]} of keys`);
    const { y, raw, capped, biased, seen, weights } = attend(g, {
      q,
      k: repeated(g, k, count),
      v: repeated(g, v, count),
      scale: site.number("scale") || 1 / Math.sqrt(q.shape[3]),
      softcap: site.number("softcap"),
      ...(precision && { precision }),
      ...masks(g, site, all),
    });
    const mode = site.number("qk_matmul_output_mode");
    const masked = () => (seen ? g.Where(seen, biased, num(g, Number.NEGATIVE_INFINITY, biased)) : biased);
    const shown = new Map([
      [RAW, raw],
      [CAPPED, capped],
      [WEIGHTS, weights],
      ...(mode === MASKED ? [[MASKED, masked()] as const] : []),
    ]);
    const out = site.in[0]!.shape.length === 3 ? together(g, y) : y;
    return [out, k, v, shown.get(mode)];
  },
};
