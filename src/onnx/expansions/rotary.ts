/** Rotary embeddings, as ONNX defines them (opset 23) and as ONNX Runtime's fusion has them. */
import type { Builder } from "../../graph/builder.ts";
import { flag, float, int } from "../../graph/op.ts";
import type { Value } from "../../graph/types.ts";
import { type Expansion, type ExpansionSite, refuse, refuseSettings } from "./expansion.ts";
import { positionsAlong } from "./positions.ts";

interface Angles {
  readonly cos: Value;
  readonly sin: Value;
}

/** Where the axes of a value lie: positions, and whether it has heads before or behind them. */
interface Layout {
  /** With an axis for heads. */
  readonly x: Value;
  readonly headsAxis: number;
  readonly positionsAxis: number;
}

const part = (g: Builder, x: Value, start: number, end: number, step = 1): Value =>
  g.Slice(x, { starts: [start], ends: [end], axes: [3], steps: [step] });

/** Turns pairs of the first 2·width channels of every head; halves are pairs, or neighbours are. */
function rotated(g: Builder, x: Value, { cos, sin }: Angles, interleaved: boolean): Value {
  const width = cos.shape[3];
  const [turned, size] = [2 * width, x.shape[3]];
  const [a, b] = interleaved
    ? [part(g, x, 0, turned, 2), part(g, x, 1, turned, 2)]
    : [part(g, x, 0, width), part(g, x, width, turned)];
  const real = g.Sub(g.Mul(a, cos), g.Mul(b, sin));
  const imaginary = g.Add(g.Mul(a, sin), g.Mul(b, cos));
  const rest = turned < size ? [part(g, x, turned, size)] : [];
  if (!interleaved) return g.Concat([real, imaginary, ...rest], { axis: 3 });
  const pairs = g.Concat(
    [real, imaginary].map((p) => g.Unsqueeze(p, { axes: [4] })),
    { axis: 4 },
  );
  const flat = g.Reshape(pairs, { shape: [0, 0, 0, turned] });
  return rest.length ? g.Concat([flat, ...rest], { axis: 3 }) : flat;
}

/** [batch, positions, heads · width] gets an axis for heads; [batch, heads, positions, width] has one. */
function layoutOf(g: Builder, x: Value, width: number): Layout {
  if (x.shape.length === 4) return { x, headsAxis: 1, positionsAxis: 2 };
  const shape = [0, 0, x.shape[2] / width, width];
  return { x: g.Reshape(x, { shape }), headsAxis: 2, positionsAxis: 1 };
}

function embedded(g: Builder, site: ExpansionSite, layout: Layout, angles: Angles): Value {
  const [x] = site.in;
  const wide = (v: Value) => g.Unsqueeze(v, { axes: [layout.headsAxis] });
  const around = { cos: wide(angles.cos), sin: wide(angles.sin) };
  const y = rotated(g, layout.x, around, site.number("interleaved") === 1);
  return x!.shape.length === 4 ? y : g.Reshape(y, { shape: [0, 0, x!.shape[2]] });
}

const looked = (g: Builder, cos: Value, sin: Value, at: Value): Angles => ({
  cos: g.Gather(cos, at),
  sin: g.Gather(sin, at),
});

/** Heads with a rotary embedding of positions 0, 1, …: [batch, heads, positions, width]. */
export function embeddedHeads(g: Builder, x: Value, cos: Value, sin: Value, interleaved: boolean): Value {
  const angles = looked(g, cos, sin, g.Reshape(positionsAlong(g, x, 2), { shape: [1, -1] }));
  const wide = (v: Value) => g.Unsqueeze(v, { axes: [1] });
  return rotated(g, x, { cos: wide(angles.cos), sin: wide(angles.sin) }, interleaved);
}

/** Width of a head: what the number of heads says, or twice the width of the tables. */
function widthOf(site: ExpansionSite, tables: Value): number {
  const heads = site.number("num_heads");
  const [x] = site.in;
  if (x!.shape.length === 4) return x!.shape[3];
  if (!heads && site.number("rotary_embedding_dim")) refuse(site, "rotary_embedding_dim but no num_heads");
  return heads ? x!.shape[2] / heads : 2 * tables.shape.at(-1)!;
}

const attrs = { interleaved: flag(0), num_heads: int(0), rotary_embedding_dim: int(0) };

/** Inputs: x, cosines, sines, positions; without these the tables are those of every position. */
export const RotaryEmbedding: Expansion = {
  inputs: [3, 4],
  attrs,
  emit(g, site) {
    const [x, cos, sin, at] = site.in;
    const layout = layoutOf(g, x!, widthOf(site, cos!));
    return [embedded(g, site, layout, at ? looked(g, cos!, sin!, at) : { cos: cos!, sin: sin! })];
  },
};

/** Inputs: x, positions (or the first one), cosines, sines. */
export const fusedRotaryEmbedding: Expansion = {
  inputs: [4, 4],
  attrs: { ...attrs, is_packed_batching: flag(0), scale: float(1) },
  emit(g, site) {
    const [x, at, cos, sin] = site.in;
    refuseSettings(site, ["is_packed_batching"]);
    if (site.number("scale") !== 1) refuse(site, `scale ${site.number("scale")}`);
    const layout = layoutOf(g, x!, widthOf(site, cos!));
    const along = () => g.Reshape(positionsAlong(g, layout.x, layout.positionsAxis), { shape: [1, -1] });
    const positions = at!.shape.length === 1 ? g.Add(along(), g.Cast(at!, { to: "int64" })) : at!;
    return [embedded(g, site, layout, looked(g, cos!, sin!, positions))];
  },
};
