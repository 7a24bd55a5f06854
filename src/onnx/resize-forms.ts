/**
 * How opsets spell a resizing: by scales or by sizes, of all axes or of some, with settings that the oldest forms imply. Canonical
 * form has those of the axes that change, so that it says nothing of a batch size.
 */
import { EspalierError } from "../error.ts";
import { distinctAxes, reject } from "../graph/op.ts";
import { resizedLength } from "../graph/ops/sampling.ts";
import { isPlain } from "../graph/sizes.ts";
import type { Attrs, Node, Shape, Size } from "../graph/types.ts";
import type { Step } from "./canonical.ts";

type List = readonly number[] | undefined;

/** The first opset that can say how coordinates are computed. */
const SETTINGS = 11;
/** The first opset in which a region and scales may be absent. */
const OPTIONAL = 13;

/** One scale for all axes, so that no result (or every one) is larger than asked for. @throws EspalierError where none says so */
function commonScale(lengths: readonly number[], sizes: readonly number[], policy: string): number {
  const each = lengths.map((n, i) => sizes[i] / n);
  const scale = Math.fround(policy === "not_larger" ? Math.min(...each) : Math.max(...each));
  for (const n of lengths) {
    const [to, made] = [Math.floor(scale * n + 0.5), resizedLength(n, scale)];
    if (made !== to)
      throw new EspalierError(
        "unsupported",
        "no scale makes this size",
        { got: `${n} → ${to} by ${scale}, which makes ${made}` },
        "export the model with scales, or with sizes that are stretched",
      );
  }
  return scale;
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

/** The canonical form of a step; undefined where nothing changes. */
export function canonicalResize(step: Step, shape: Shape, opset: number): Pick<Step, "attrs" | "follows"> | undefined {
  const { attrs, follows } = step;
  const { keep_aspect_ratio_policy: policy = "stretch" } = attrs;
  const on = attrs.axes ? distinctAxes(attrs.axes as readonly number[], shape.length) : [...shape.keys()];
  const given = (key: string): List => ((attrs[key] as List)?.length ? (attrs[key] as List) : undefined);
  const [sizes, scales] = [given("sizes"), given("scales")];
  if (!sizes === !scales || (sizes ?? scales)!.length !== on.length)
    reject(
      "scales or sizes do not fit",
      `scales [${scales ?? ""}], sizes [${sizes ?? ""}]`,
      `one for each axis [${on}]`,
    );
  const lengths = on.map((a) => shape[a]);
  const common = sizes && policy !== "stretch" ? commonScale(lengths, sizes, policy as string) : undefined;
  const key = sizes && common === undefined ? "sizes" : "scales";
  const list = common === undefined ? (sizes ?? scales)! : on.map(() => common);
  // with tf_half_pixel_for_nn even a scale of 1 moves elements
  const moves = attrs.coordinate_transformation_mode === "tf_half_pixel_for_nn";
  const changed = [...on.keys()].filter((i) => moves || list[i] !== (key === "sizes" ? lengths[i] : 1));
  if (changed.length === 0) return undefined;
  const settings = opset < SETTINGS ? early(attrs, list) : {};
  const named = { axes: changed.map((i) => on[i]), [key]: changed.map((i) => list[i]) };
  const made = follows?.[key];
  return {
    attrs: { ...attrs, ...removed, ...settings, ...named },
    follows: follows && { ...follows, [key]: made && changed.map((i) => made[i]) },
  };
}

const removed = {
  antialias: undefined,
  extrapolation_value: undefined,
  keep_aspect_ratio_policy: undefined,
  roi: undefined,
  scales: undefined,
  sizes: undefined,
};

/** Whether a canonical node is what opsets before 11 had. */
export const isEarlyResize = ({ attrs }: Node): boolean => {
  const { mode, coordinate_transformation_mode, nearest_mode, exclude_outside, scales } = attrs;
  if (!scales) return false;
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

/**
 * A canonical node with what an opset wants beside it: scales or sizes for every axis, and inputs that are not used. From opset 18 on
 * the axes could be named; ONNX Runtime (1.30) moves a Transpose past the node as if they were not, and then refuses the file.
 */
export function spelledResize(node: Node, opset: number): Node {
  const x = node.inputs[0]!;
  const { axes, scales, sizes } = node.attrs as Record<string, List>;
  const everywhere = <T>(list: readonly T[], none: (axis: number) => T): T[] =>
    x.shape.map((_, a) => (axes!.includes(a) ? list[axes!.indexOf(a)] : none(a)));
  const required = opset >= SETTINGS && opset < OPTIONAL ? { roi: [], ...(sizes && { scales: [] }) } : {};
  if (!sizes)
    return { ...node, attrs: { ...node.attrs, ...required, axes: undefined, scales: everywhere(scales!, () => 1) } };
  const follows = {
    ...node.follows,
    sizes: everywhere<Size>(node.follows?.sizes ?? sizes, (axis) => ({ of: x.name, axis })),
  };
  return {
    ...node,
    attrs: { ...node.attrs, ...required, axes: undefined, sizes: everywhere(sizes, (a) => x.shape[a]) },
    follows: follows.sizes.every(isPlain) ? node.follows : follows,
  };
}
