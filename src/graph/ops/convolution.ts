/** Convolutions, and the sliding-window arithmetic that pooling shares. */
import { type FullAttrs, int, ints, op, reject, string, type Type } from "../op.ts";

export type AutoPad = "NOTSET" | "SAME_UPPER" | "SAME_LOWER" | "VALID";

/** Attributes of every sliding window. After completion auto_pad is NOTSET and pads are explicit. */
export const window = {
  auto_pad: string<AutoPad>("NOTSET"),
  kernel_shape: ints(),
  strides: ints(),
  pads: ints(),
  dilations: ints(),
};
type Window = FullAttrs<typeof window>;

/** Fills the defaults of a window over `spatial` dimensions and turns auto_pad into explicit pads. */
export function completeWindow<A extends Window>(spatial: readonly number[], kernel: readonly number[], a: A): A {
  const ones = spatial.map(() => 1);
  const strides = a.strides ?? ones;
  const dilations = a.dilations ?? ones;
  const same = a.auto_pad === "SAME_UPPER" || a.auto_pad === "SAME_LOWER";
  const total = spatial.map((d, i) =>
    Math.max(0, (Math.ceil(d / strides[i]) - 1) * strides[i] + dilations[i] * (kernel[i] - 1) + 1 - d),
  );
  const less = total.map((t) => t >> 1);
  const more = total.map((t) => t - (t >> 1));
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

const checkConv = (x: Type, w: Type, channels: number, wanted: number, kernel: readonly number[]) => {
  if (x.shape.length < 3 || x.shape.length !== w.shape.length || channels !== wanted)
    reject("convolution sizes differ", `x [${x.shape}], W [${w.shape}]`, `${wanted} input channels for this kernel`);
  if (kernel.join() !== w.shape.slice(2).join())
    reject("kernel_shape is not that of the kernel", `[${kernel}]`, `[${w.shape.slice(2)}], as W [${w.shape}] has`);
};

export const convolutionOps = {
  /** X [N, C, …], W [M, C/group, k…], B [M]. */
  Conv: op(
    3,
    { ...window, group: int(1) },
    ([x, w], a) => {
      checkConv(x, w, x.shape[1], w.shape[1] * a.group, a.kernel_shape);
      return { dtype: x.dtype, shape: [x.shape[0], w.shape[0], ...windowOutput(x.shape.slice(2), a)] };
    },
    {
      required: 2,
      complete: ([x, w], a) => completeWindow(x.shape.slice(2), a.kernel_shape ?? w.shape.slice(2), a),
      product: { withBias: (a) => a },
    },
  ),
  /** X [N, C, …], W [C, M/group, k…], B [M]. output_shape is turned into pads on reading. */
  ConvTranspose: op(
    3,
    { ...window, group: int(1), output_padding: ints(), output_shape: ints() },
    ([x, w], a) => {
      checkConv(x, w, x.shape[1], w.shape[0], a.kernel_shape);
      const spatial = x.shape.slice(2).map((d, i, all) => {
        const span = a.dilations[i] * (a.kernel_shape[i] - 1) + 1;
        return (d - 1) * a.strides[i] + a.output_padding[i] + span - a.pads[i] - a.pads[i + all.length];
      });
      return { dtype: x.dtype, shape: [x.shape[0], w.shape[1] * a.group, ...spatial] };
    },
    {
      required: 2,
      complete: ([x, w], a) => {
        const spatial = x.shape.slice(2);
        const kernel = a.kernel_shape ?? w.shape.slice(2);
        const ones = spatial.map(() => 1);
        const strides = a.strides ?? ones;
        const dilations = a.dilations ?? ones;
        const output_padding = a.output_padding ?? spatial.map(() => 0);
        let pads = a.pads ?? spatial.flatMap(() => [0, 0]);
        const wanted =
          a.output_shape ?? (a.auto_pad.startsWith("SAME") ? spatial.map((d, i) => d * strides[i]) : undefined);
        if (wanted) {
          const total = spatial.map((d, i) =>
            Math.max(0, (d - 1) * strides[i] + output_padding[i] + dilations[i] * (kernel[i] - 1) + 1 - wanted[i]),
          );
          const less = total.map((t) => t >> 1);
          const more = total.map((t, i) => t - less[i]);
          pads = a.auto_pad === "SAME_UPPER" ? [...less, ...more] : [...more, ...less];
        }
        return {
          ...a,
          auto_pad: "NOTSET" as const,
          kernel_shape: kernel,
          strides,
          dilations,
          output_padding,
          pads,
          output_shape: undefined as unknown as readonly number[],
        };
      },
      product: { withBias: (a) => a },
    },
  ),
};
