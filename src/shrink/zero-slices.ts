/** Where weights are exactly zero, asked once for each weight however often it is used. Holds for one analysis of a graph. */
import { size } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";
import { zeroChannels } from "../groups/runs.ts";
import type { WeightUse } from "../groups/weights.ts";

export class ZeroSlices {
  private readonly found = new Map<Value, Map<string, Uint8Array>>();
  private readonly turned = new Map<Value, Float32Array>();

  /** One byte per channel read: 1 = the weight is exactly zero there. All 0 when the weight's elements are not plain. */
  reads(use: WeightUse): Uint8Array {
    return this.along(use, use.reads);
  }

  /** One byte per channel made: 1 = the weight is exactly zero there. All 0 when the weight's elements are not plain. */
  makes(use: WeightUse): Uint8Array {
    return this.along(use, use.makes);
  }

  /** The elements of a weight in the order of its view; undefined unless they are float32. */
  data({ stored: { root, tensor, perm }, view, at, node }: WeightUse): ArrayLike<number> | undefined {
    if (tensor.dtype !== "float32") return undefined;
    const data = tensor.data as Float32Array;
    if (perm.every((p, i) => p === i)) return data;
    if (perm.length !== 2 || view.length !== 2) return undefined;
    const known = this.turned.get(root);
    if (known) return known;
    const [rows, columns] = node.inputs[at]!.shape;
    const turned = new Float32Array(data.length);
    for (let i = 0; i < turned.length; i++) turned[i] = data[(i % columns) * rows + Math.floor(i / columns)];
    this.turned.set(root, turned);
    return turned;
  }

  private along(use: WeightUse, axes: readonly number[]): Uint8Array {
    const { root, perm } = use.stored;
    const known = this.found.get(root) ?? new Map<string, Uint8Array>();
    this.found.set(root, known);
    const key = `${perm}:${use.view}:${axes}`;
    const zero = known.get(key) ?? this.look(use, axes);
    known.set(key, zero);
    return zero;
  }

  private look(use: WeightUse, axes: readonly number[]): Uint8Array {
    const data = this.data(use);
    return data ? zeroChannels(data, use.view, axes) : new Uint8Array(size(axes.map((a) => use.view[a])));
  }
}
