/**
 * How opsets spell a resizing: by scales or by sizes, of all axes or of some, with settings that the oldest forms imply. Canonical
 * form has scales for the axes that change, so that it says nothing of a batch size.
 */
import { EspalierError } from "../error.ts";
import { distinctAxes, reject } from "../graph/op.ts";
import { resizedLength } from "../graph/ops/sampling.ts";
import type { Attrs, Node, Shape } from "../graph/types.ts";

type List = readonly number[] | undefined;

/** The first opset that can say how coordinates are computed. */
const SETTINGS = 11;
/** The first opset that can name the axes. */
const AXES = 18;

/** The float32 next to a positive one. */
function beside(x: number, up: boolean): number {
  const bits = new Int32Array(Float32Array.of(x).buffer);
  bits[0] += up ? 1 : -1;
  return new Float32Array(bits.buffer)[0];
}

/** The scale, in float32, that makes n elements `to`. @throws EspalierError when `preferred` does not and must be kept */
function scaleTo(n: number, to: number, preferred?: number): number {
  const scale = Math.fround(preferred ?? to / n);
  const made = resizedLength(n, scale);
  if (made === to) return scale;
  const near = beside(scale, made < to);
  if (preferred === undefined && resizedLength(n, near) === to) return near;
  throw new EspalierError(
    "unsupported",
    "no scale makes this size",
    { got: `${n} → ${to} by ${scale}, which makes ${made}` },
    "export the model with scales, or with sizes that are stretched",
  );
}

/** @param policy one scale for all axes, so that no result (or every one) is larger than asked for */
function scalesOf(lengths: readonly number[], sizes: readonly number[], policy: string): number[] {
  const each = lengths.map((n, i) => sizes[i] / n);
  if (policy === "stretch") return lengths.map((n, i) => scaleTo(n, sizes[i]));
  const scale = Math.fround(policy === "not_larger" ? Math.min(...each) : Math.max(...each));
  return lengths.map((n) => scaleTo(n, Math.floor(scale * n + 0.5), scale));
}

/** What forms before opset 11 did: no element lies between others. */
function early({ mode = "nearest" }: Attrs, scales: readonly number[]): Attrs {
  const smaller = scales.some((s) => s < 1);
  if (mode === "nearest" && smaller && scales.some((s) => s > 1))
    reject("opsets before 11 make no axis larger and another one smaller", `scales [${scales}]`, "one of both");
  return {
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: mode === "nearest" && smaller ? "ceil" : "floor",
  };
}

/** @returns the canonical attributes; undefined where nothing changes */
export function canonicalResize(attrs: Attrs, shape: Shape, opset: number): Attrs | undefined {
  const { antialias, keep_aspect_ratio_policy, sizes: _, roi: __, extrapolation_value: ___, ...rest } = attrs;
  if (antialias)
    throw new EspalierError("unsupported", "antialias is not supported", { got: "antialias 1" }, "export without it");
  const on = attrs.axes ? distinctAxes(attrs.axes as readonly number[], shape.length) : [...shape.keys()];
  const given = (key: string): List => ((attrs[key] as List)?.length ? (attrs[key] as List) : undefined);
  const [sizes, scales] = [given("sizes"), given("scales")];
  if (!sizes === !scales || (sizes ?? scales)!.length !== on.length)
    reject(
      "scales or sizes do not fit",
      `scales [${scales ?? ""}], sizes [${sizes ?? ""}]`,
      `one for each axis [${on}]`,
    );
  const policy = (keep_aspect_ratio_policy as string | undefined) ?? "stretch";
  const lengths = on.map((a) => shape[a]);
  const all = sizes ? scalesOf(lengths, sizes, policy) : scales!;
  const settings = opset < SETTINGS ? early(attrs, all) : {};
  // with tf_half_pixel_for_nn even a scale of 1 moves elements
  const moves = attrs.coordinate_transformation_mode === "tf_half_pixel_for_nn";
  const changed = on.flatMap((axis, i) => (all[i] !== 1 || moves ? [{ axis, scale: all[i] }] : []));
  if (changed.length === 0) return undefined;
  const named = { axes: changed.map((c) => c.axis), scales: changed.map((c) => c.scale) };
  return { ...rest, ...removed, ...settings, ...named };
}

const removed = {
  antialias: undefined,
  extrapolation_value: undefined,
  keep_aspect_ratio_policy: undefined,
  roi: undefined,
  sizes: undefined,
};

/** Whether a canonical node is what opsets before 11 had. */
export const isEarlyResize = ({ attrs }: Node): boolean => {
  const { mode, coordinate_transformation_mode, nearest_mode, exclude_outside, scales } = attrs;
  const smaller = (scales as readonly number[]).some((s) => s < 1);
  const larger = (scales as readonly number[]).some((s) => s > 1);
  const nearest = mode === "nearest" && smaller ? "ceil" : "floor";
  return (
    mode !== "cubic" &&
    coordinate_transformation_mode === "asymmetric" &&
    nearest_mode === nearest &&
    !exclude_outside &&
    !(mode === "nearest" && smaller && larger)
  );
};

/** A canonical node with what an opset wants beside it: scales for every axis, and a region that is not used. */
export function spelledResize(node: Node, opset: number): Node {
  if (opset >= AXES) return node;
  const { axes, scales, ...rest } = node.attrs as Attrs & { axes: readonly number[]; scales: readonly number[] };
  const all = node.inputs[0]!.shape.map((_, a) => (axes.includes(a) ? scales[axes.indexOf(a)] : 1));
  const region = opset >= SETTINGS && opset < 13 ? { roi: [] } : {};
  return { ...node, attrs: { ...rest, ...region, axes: undefined, scales: all } };
}
