/** Convolutions and what slides over images as they do. */
import type { Value } from "../../../src/graph/types.ts";
import { chance, pick } from "../../mutate/pick.ts";
import type { Net } from "../net.ts";
import { atRank, divisors, image, type NetMove, type NetMoves, sequence } from "./move.ts";

/** ONNX Runtime (1.30) takes a Pad into the pooling behind it, and refuses what it made when the kernel is no larger than the pads. */
const pooling = (move: NetMove): NetMove => image((n, x) => (n.isPadded(x) ? undefined : move(n, x)));

/** Window over the two spatial axes that fits. */
function windowOf(n: Net, [, , h, w]: readonly number[]) {
  const pad = n.between(0, 1);
  const kernel_shape = [h, w].map((d) => n.between(1, Math.min(3, d)));
  const dilations = [h, w].map((d, i) => (chance(n.random, 0.2) && 2 * (kernel_shape[i] - 1) + 1 <= d ? 2 : 1));
  const pads = kernel_shape.map((k) => Math.min(pad, k - 1)); // no window lies in the padding alone
  return { kernel_shape, dilations, strides: [n.between(1, 2), n.between(1, 2)], pads: [...pads, ...pads] };
}

/**
 * Rounded up or not. Not where the last window would start beyond the input: ONNX's own inference, by which the runtime (1.30) loads a
 * model, counts that window, and its kernels do not make it.
 */
function rounding(n: Net, [, , ...spatial]: readonly number[], w: ReturnType<typeof windowOf>): number {
  const beyond = spatial.some((d, i) => {
    const span = w.dilations[i] * (w.kernel_shape[i] - 1) + 1;
    return Math.ceil((d + 2 * w.pads[i] - span) / w.strides[i]) * w.strides[i] >= d + w.pads[i];
  });
  return beyond ? 0 : n.between(0, 1);
}

/** @param group how many groups of channels, out of those that divide them */
function convolved(n: Net, x: Value, group: number): Value {
  const C = x.shape[1];
  const O = group * n.between(1, group > 2 ? 1 : 4);
  const { kernel_shape, ...rest } = windowOf(n, x.shape);
  const bias = chance(n.random, 0.6) ? n.weight(O) : null;
  return n.g.Conv(x, n.weight(O, C / group, ...kernel_shape), bias, { ...rest, kernel_shape, group });
}

export const convolutionMoves = {
  conv: image((n, x) => convolved(n, x, chance(n.random, 0.3) ? pick(n.random, divisors(x.shape[1])) : 1)),
  depthwise: image((n, x) => convolved(n, x, x.shape[1])),
  conv1d: sequence((n, x) => {
    const [, C, length] = x.shape;
    const k = n.between(1, Math.min(3, length));
    return n.g.Conv(x, n.weight(n.between(1, 5), C, k), null, { pads: [k - 1, 0], strides: [n.between(1, 2)] });
  }),
  convTranspose: image((n, x) => {
    const C = x.shape[1];
    const group = chance(n.random, 0.3) ? pick(n.random, divisors(C)) : 1;
    const O = n.between(1, 3);
    const k = n.between(1, 3);
    const stride = n.between(1, 2);
    return n.g.ConvTranspose(x, n.weight(C, O, k, k), chance(n.random, 0.5) ? n.weight(O * group) : null, {
      strides: [stride, 1],
      output_padding: [chance(n.random, 0.3) ? stride - 1 : 0, 0],
      group,
    });
  }),
  batchNorm: atRank(2, (n, x) => {
    const C = x.shape[1];
    return n.g.BatchNormalization(x, n.positive(C), n.weight(C), n.weight(C), n.positive(C));
  }),
  maxPool: pooling((n, x) => {
    const window = windowOf(n, x.shape);
    return n.g.MaxPool(x, { ...window, ceil_mode: rounding(n, x.shape, window) })[0];
  }),
  averagePool: pooling((n, x) => {
    const { dilations: _, ...window } = windowOf(n, x.shape); // opset 19 brought them
    return n.g.AveragePool(x, { ...window, count_include_pad: n.between(0, 1) });
  }),
  lpPool: pooling((n, x) => {
    const { dilations: _, ...window } = windowOf(n, x.shape); // opset 18 brought them
    return n.g.LpPool(x, { ...window, p: n.between(1, 3) });
  }),
  globalAverage: image((n, x) => n.g.GlobalAveragePool(x)),
  globalMax: image((n, x) => n.g.GlobalMaxPool(x)),
  globalLp: image((n, x) => n.g.GlobalLpPool(x, { p: n.between(1, 2) })),
  columns: sequence((n, x) => {
    const [, rows, windows] = x.shape;
    const taps = pick(n.random, divisors(rows));
    const high = pick(n.random, divisors(taps));
    const block_shape = [high, taps / high];
    return n.g.Col2Im(x, { block_shape, image_shape: [windows + high - 1, block_shape[1]] });
  }),
  depthToSpace: image((n, x) =>
    x.shape[1] % 4 === 0 ? n.g.DepthToSpace(x, { blocksize: 2, mode: pick(n.random, ["DCR", "CRD"]) }) : undefined,
  ),
  /** To four times as many channels, and these laid out as an image twice as large. */
  pixelShuffle: image((n, x) =>
    n.g.DepthToSpace(n.g.Conv(x, n.weight(4 * n.between(1, 2), x.shape[1], 1, 1), null), {
      blocksize: 2,
      mode: pick(n.random, ["DCR", "CRD"]),
    }),
  ),
  spaceToDepth: image((n, x) => {
    const ends = x.shape.map((d, i) => (i > 1 ? d % 2 : 0));
    return n.g.SpaceToDepth(ends.includes(1) ? n.g.Pad(x, { pads: [0, 0, 0, 0, ...ends] }) : x, { blocksize: 2 });
  }),
  squeezeExcite: image((n, x) => {
    const C = x.shape[1];
    const narrow = n.between(1, 3);
    const inner = n.g.Relu(n.g.Conv(n.g.GlobalAveragePool(x), n.weight(narrow, C, 1, 1), n.weight(narrow)));
    return n.g.Mul(x, n.g.Sigmoid(n.g.Conv(inner, n.weight(C, narrow, 1, 1), n.weight(C))));
  }),
} satisfies NetMoves;
