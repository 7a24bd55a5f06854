/** Convolutions, and the sliding-window arithmetic that pooling shares. */

import { checkLeast, checkLength, checkShape, type FullAttrs, int, ints, oneOf, op, reject, type Type } from "../op.ts";
import { sameShape } from "../tensor.ts";

export type AutoPad = "NOTSET" | "SAME_UPPER" | "SAME_LOWER" | "VALID";

/** Attributes of every sliding window. After completion auto_pad is NOTSET and pads are explicit. */
export const window = {
  auto_pad: oneOf<AutoPad>("NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"),
  kernel_shape: ints(),
  strides: ints(),
  pads: ints(),
  dilations: ints(),
};
type Window = FullAttrs<typeof window>;

/** Checks a window's lists, as far as they are given, against the number of spatial axes. */
function checkWindow(rank: number, a: Partial<Window>): void {
  for (const key of ["kernel_shape", "strides", "dilations"] as const) {
    const list = a[key];
    if (!list) continue;
    checkLength(key, list, rank);
    checkLeast(key, list, 1);
  }
  if (!a.pads) return;
  checkLength("pads", a.pads, 2 * rank);
  checkLeast("pads", a.pads, 0);
}

const checkPadding = ({ pads, auto_pad }: Partial<Window>): void => {
  if (pads && auto_pad !== "NOTSET")
    reject("pads and auto_pad exclude each other", `pads [${pads}], auto_pad ${auto_pad}`, "one of them");
};

/** Fills the defaults of a window over `spatial` dimensions and turns auto_pad into explicit pads. */
export function completeWindow<A extends Window>(spatial: readonly number[], kernel: readonly number[], a: A): A {
  if (spatial.length === 0) reject("a window needs spatial axes", "an input of rank 2 or less", "[N, C, …]");
  checkWindow(spatial.length, { ...a, kernel_shape: kernel });
  checkPadding(a);
  const ones = spatial.map(() => 1);
  const strides = a.strides ?? ones;
  const dilations = a.dilations ?? ones;
  const same = a.auto_pad === "SAME_UPPER" || a.auto_pad === "SAME_LOWER";
  const total = spatial.map((d, i) =>
    Math.max(0, (Math.ceil(d / strides[i]) - 1) * strides[i] + dilations[i] * (kernel[i] - 1) + 1 - d),
  );
  const less = total.map((t) => Math.floor(t / 2));
  const more = total.map((t, i) => t - less[i]);
  const auto = a.auto_pad === "SAME_UPPER" ? [...less, ...more] : [...more, ...less];
  const pads = same ? auto : a.auto_pad === "VALID" || !a.pads ? spatial.flatMap(() => [0, 0]) : a.pads;
  return { ...a, auto_pad: "NOTSET", kernel_shape: kernel, strides, dilations, pads };
}

/** Output size of a window along each spatial axis. */
export function windowOutput(spatial: readonly number[], a: Window, ceil = false): number[] {
  return spatial.map((d, i) => {
    const padded = d + a.pads[i] + a.pads[i + spatial.length];
    const span = a.dilations[i] * (a.kernel_shape[i] - 1) + 1;
    if (padded < span) reject("window is larger than its input", `input ${d}, window ${span}`, `at most ${padded}`);
    const steps = (padded - span) / a.strides[i];
    if (!ceil) return Math.floor(steps) + 1;
    // as torch: the last window must start inside the input or its left padding
    const out = Math.ceil(steps) + 1;
    return (out - 1) * a.strides[i] >= d + a.pads[i] ? out - 1 : out;
  });
}

function kernelOf(x: Type, w: Type, a: Partial<Window>): readonly number[] {
  if (x.shape.length !== w.shape.length)
    reject("convolution sizes differ", `x [${x.shape}], W [${w.shape}]`, "one rank");
  return a.kernel_shape ?? w.shape.slice(2);
}

/** @param made how many channels come out: the bias has as many */
function checkConv([x, w, bias]: readonly Type[], wanted: number, kernel: readonly number[], made: number): void {
  if (x.shape[1] !== wanted)
    reject("convolution sizes differ", `x [${x.shape}], W [${w.shape}]`, `${wanted} input channels for this kernel`);
  if (!sameShape(kernel, w.shape.slice(2)))
    reject("kernel_shape is not that of the kernel", `[${kernel}]`, `[${w.shape.slice(2)}], as W [${w.shape}] has`);
  if (bias) checkShape("the bias", bias, [made]);
}

/** Output size of a transposed convolution along each spatial axis. */
const transposedOutput = (
  spatial: readonly number[],
  a: Pick<Window, "strides" | "dilations" | "kernel_shape" | "pads"> & { readonly output_padding: readonly number[] },
): number[] =>
  spatial.map((d, i) => {
    const span = a.dilations[i] * (a.kernel_shape[i] - 1) + 1;
    return (d - 1) * a.strides[i] + a.output_padding[i] + span - a.pads[i] - a.pads[i + spatial.length];
  });

/** Checks that channels come in groups of one size. */
function checkGroup(channels: number, group: number): void {
  if (!(group >= 1 && channels % group === 0))
    reject("channels do not divide into groups", `${channels} channels, group ${group}`, "whole groups");
}

export const convolutionOps = {
  /** X [N, C, …], W [M, C/group, k…], B [M]. */
  Conv: op(
    3,
    { ...window, group: int(1) },
    ([x, w, bias], a) => {
      checkConv([x, w, bias], w.shape[1] * a.group, a.kernel_shape, w.shape[0]);
      checkGroup(w.shape[0], a.group);
      return { dtype: x.dtype, shape: [x.shape[0], w.shape[0], ...windowOutput(x.shape.slice(2), a)] };
    },
    {
      required: 2,
      complete: ([x, w], a) => completeWindow(x.shape.slice(2), kernelOf(x, w, a), a),
      learns: [1, 2],
      product: { withBias: (a) => a },
    },
  ),
  /** X [N, C, …], W [C, M/group, k…], B [M]. output_shape is turned into pads on reading. */
  ConvTranspose: op(
    3,
    { ...window, group: int(1), output_padding: ints(), output_shape: ints() },
    ([x, w, bias], a) => {
      checkConv([x, w, bias], w.shape[0], a.kernel_shape, w.shape[1] * a.group);
      checkGroup(x.shape[1], a.group);
      const spatial = transposedOutput(x.shape.slice(2), a);
      checkLeast("the output's size", spatial, 1);
      return { dtype: x.dtype, shape: [x.shape[0], w.shape[1] * a.group, ...spatial] };
    },
    {
      required: 2,
      complete: ([x, w], a) => {
        checkPadding(a);
        const spatial = x.shape.slice(2);
        const same = a.auto_pad.startsWith("SAME");
        const own = completeWindow(spatial, kernelOf(x, w, a), {
          ...a,
          auto_pad: same ? "NOTSET" : a.auto_pad,
        });
        const given = a.output_padding ?? spatial.map(() => 0);
        checkLength("output_padding", given, spatial.length);
        checkLeast("output_padding", given, 0);
        // ONNX allows as much as a larger dilation, too; ONNX Runtime then finds the sizes inconsistent
        if (given.some((p, i) => p >= own.strides[i]))
          reject("output_padding is too large", `[${given}]`, `below the strides [${own.strides}]`);
        const wanted = a.output_shape ?? (same ? spatial.map((d, i) => d * own.strides[i]) : undefined);
        const output_shape = undefined as unknown as readonly number[];
        if (!wanted) return { ...own, output_padding: given, output_shape };
        checkLength("output_shape", wanted, spatial.length);
        const full = transposedOutput(spatial, { ...own, output_padding: given, pads: spatial.flatMap(() => [0, 0]) });
        // more than the full size is output padding, where output_shape asks for it; where auto_pad does, runtimes differ
        const reach = full.map((d, i) => (a.output_shape ? d - given[i] + own.strides[i] - 1 : d));
        if (wanted.some((d, i) => d < 1 || d > reach[i]))
          reject("output_shape is out of reach", `[${wanted}]`, `[1…] to [${reach}]`);
        const output_padding = given.map((p, i) => p + Math.max(0, wanted[i] - full[i]));
        const total = full.map((d, i) => Math.max(0, d - wanted[i]));
        const less = total.map((t) => Math.floor(t / 2));
        const more = total.map((t, i) => t - less[i]);
        const pads = a.auto_pad === "SAME_UPPER" ? [...less, ...more] : [...more, ...less];
        return { ...own, output_padding, output_shape, pads };
      },
      learns: [1, 2],
      product: { withBias: (a) => a },
    },
  ),
};
