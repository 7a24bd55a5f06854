/** Attention as ONNX Runtime's fusions make it. Source: its docs/ContribOperators.md. */
import type { Builder } from "../../graph/builder.ts";
import { flag, float, int, ints } from "../../graph/op.ts";
import type { Value } from "../../graph/types.ts";
import { apart, attend, type Heads, together } from "./attention-core.ts";
import { type Expansion, type ExpansionSite, num, plus, refuse, refuseInputs, refuseSettings } from "./expansion.ts";
import { positionsAlong } from "./positions.ts";

/** A mask of keys as what is added to the scores: [batch] lengths, [batch, keys] or [batch, queries, keys] of 0 and 1. */
function maskBias(g: Builder, site: ExpansionSite, mask: Value, k: Value): Value {
  const [batch, , keys] = k.shape;
  const { length } = mask.shape;
  if (mask.shape[0] !== batch || length > 3 || (length > 1 && mask.shape.at(-1) !== keys))
    refuse(site, `a mask of shape [${mask.shape}]`);
  const axes = length === 1 ? [1, 2, 3] : length === 2 ? [1, 2] : [1];
  const whole = g.Unsqueeze(mask, { axes });
  const column = () => g.Transpose(positionsAlong(g, k, 2), { perm: [0, 1, 3, 2] });
  const seen = length === 1 ? g.Less(column(), g.Cast(whole, { to: "int64" })) : g.Greater(whole, zero(g, whole));
  return g.Where(seen, num(g, 0, k), num(g, site.number("mask_filter_value"), k));
}

const zero = (g: Builder, like: Value): Value => g.scalar(0, like.dtype);

interface Masks {
  readonly mask: Value | null;
  readonly bias: Value | null;
}

function attended(g: Builder, site: ExpansionSite, { q, k, v }: Pick<Heads, "q" | "k" | "v">, { mask, bias }: Masks) {
  const added = [mask && maskBias(g, site, mask, k), bias].filter((x) => x !== null);
  const row = () => positionsAlong(g, q, 2);
  const column = () => g.Transpose(positionsAlong(g, k, 2), { perm: [0, 1, 3, 2] });
  const allowed = site.number("unidirectional") ? [g.Not(g.Greater(column(), row()))] : [];
  const scale = site.number("scale") || 1 / Math.sqrt(q.shape[3]);
  return together(g, attend(g, { q, k, v, scale, added, allowed }).y);
}

const settings = { num_heads: int(), mask_filter_value: float(-10000), scale: float(), unidirectional: flag(0) };

export const fusedAttention: Readonly<Record<string, Expansion>> = {
  /** Inputs: x, weights of queries, keys and values side by side, their bias, mask, past, bias of scores, past's length. */
  Attention: {
    inputs: [2, 7],
    attrs: {
      ...settings,
      do_rotary: flag(0),
      past_present_share_buffer: flag(0),
      qkv_hidden_sizes: ints(),
      rotary_embedding_dim: int(0),
    },
    emit(g, site) {
      const [x, weights, bias, mask, , scores] = site.in;
      refuseInputs(site, { 4: "past", 6: "past_sequence_length" });
      refuseSettings(site, ["do_rotary", "past_present_share_buffer", "rotary_embedding_dim"]);
      const third = weights!.shape[1] / 3;
      const sizes = site.list("qkv_hidden_sizes") ?? [third, third, third];
      const all = plus(g, g.MatMul(x!, weights!), bias);
      const heads = site.number("num_heads");
      const [q, k, v] = g.Split(all, { axis: -1, split: sizes }).map((part) => apart(g, part, heads));
      return [attended(g, site, { q, k, v }, { mask, bias: scores })];
    },
  },
  /** Inputs: queries, keys, values, their biases, mask, bias of scores, past's key, value and length, indirection. */
  MultiHeadAttention: {
    inputs: [1, 10],
    attrs: settings,
    emit(g, site) {
      const [query, key, value, bias, mask, scores] = site.in;
      refuseInputs(site, { 6: "past_key", 7: "past_value", 8: "past_sequence_length", 9: "cache_indirection" });
      if (!key || !value || query!.shape.length !== 3) refuse(site, "queries, keys and values in one");
      if (bias && [key, value].some((x) => x.shape.length !== 3)) refuse(site, "a bias of keys in heads");
      const heads = site.number("num_heads");
      const inputs = [query!, key, value];
      const sizes = inputs.map((x) => x.shape[2]);
      const biases = bias ? g.Split(bias, { axis: 0, split: sizes }) : [null, null, null];
      const [q, k, v] = inputs.map((x, i) => (x.shape.length === 4 ? x : apart(g, plus(g, x, biases[i]), heads)));
      return [attended(g, site, { q, k, v }, { mask, bias: scores }), k, v];
    },
  },
};
