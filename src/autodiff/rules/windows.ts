/** The transpose of taking windows out of a plane. */
import type { Builder } from "../../graph/builder.ts";
import type { Shape, Value } from "../../graph/types.ts";
import { spatial, type Window } from "../../graph/windows.ts";

/** Adds windows up where they came from: a ConvTranspose of dy [N, M, o…] whose result has the given spatial shape. */
export function overlapAdd(g: Builder, dy: Value, w: Value, to: Shape, a: Window, group = 1): Value {
  const begins = a.pads.slice(0, to.length);
  // what lies between the last window's end and the end of x: beyond it (padding) or before it (stride remainder)
  const rest = to.map(
    (d, i) => d + begins[i] - (spatial(dy)[i] - 1) * a.strides[i] - a.dilations[i] * (a.kernel_shape[i] - 1) - 1,
  );
  return g.ConvTranspose(dy, w, null, {
    kernel_shape: a.kernel_shape,
    strides: a.strides,
    dilations: a.dilations,
    pads: [...begins, ...rest.map((r) => Math.max(0, -r))],
    output_padding: rest.map((r) => Math.max(0, r)),
    group,
  });
}
