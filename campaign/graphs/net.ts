/** A random network under construction. */
import { type Builder, builder } from "../../src/graph/builder.ts";
import { arrayOf, size, tensor } from "../../src/graph/tensor.ts";
import type { DType, Shape, Value } from "../../src/graph/types.ts";
import type { Random } from "../../src/math/random.ts";
import { chance, pick } from "../mutate/pick.ts";

/** The batch that a network is built at; it runs at others. */
const BUILT_AT = 2;

export class Net {
  readonly g: Builder = builder();
  readonly random: Random;
  readonly dtype: DType;
  /** Every value that has the batch on axis 0. */
  readonly values: Value[] = [];
  private readonly weights: Value[] = [];

  constructor(random: Random, dtype: DType) {
    this.random = random;
    this.dtype = dtype;
  }

  input(shape: Shape): Value {
    const v = this.g.input(`x${this.values.length}`, this.dtype, [BUILT_AT, ...shape]);
    this.values.push(v);
    return v;
  }

  private store(stem: string, shape: Shape, draw: () => number): Value {
    const data = new (arrayOf(this.dtype) as Float64ArrayConstructor)(Array.from({ length: size(shape) }, draw));
    const v = this.g.initializer(`${stem}${this.weights.length}`, tensor(this.dtype, shape, data));
    this.weights.push(v);
    return v;
  }

  /** A parameter; now and then one that is used elsewhere already. */
  weight(...shape: number[]): Value {
    const alike = this.weights.filter((v) => v.name.startsWith("w") && v.shape.join() === shape.join());
    if (alike.length > 0 && chance(this.random, 0.15)) return pick(this.random, alike);
    const scale = 1 / Math.sqrt(Math.max(1, size(shape.slice(1))));
    return this.store("w", shape, () => this.random.normal() * scale);
  }

  /** Numbers in [0.5, 1.5). */
  positive(...shape: number[]): Value {
    return this.store("p", shape, () => this.random.uniform() + 0.5);
  }

  /** From a least to a most, both included. */
  between(least: number, most: number): number {
    return least + this.random.int(most - least + 1);
  }

  /** Another value of this shape, or of one that it broadcasts with. */
  partner(x: Value): Value {
    const fits = (v: Value) =>
      v !== x && v.shape.length === x.shape.length && v.shape.every((d, i) => d === x.shape[i] || (i > 0 && d === 1));
    const others = this.values.filter(fits);
    return others.length > 0
      ? pick(this.random, others)
      : this.weight(...x.shape.slice(1).map((d) => (chance(this.random, 0.3) ? 1 : d)));
  }

  /** Whether a value is another that was padded, and nothing else. */
  isPadded(x: Value): boolean {
    const maker = this.g.build().nodes.find((node) => node.outputs[0] === x);
    if (!maker || !["Pad", "Identity", "Dropout"].includes(maker.op)) return false;
    return maker.op === "Pad" || this.isPadded(maker.inputs[0]!);
  }

  /** An axis that is not the batch; x must have one. */
  axis(x: Value): number {
    return this.between(1, x.shape.length - 1);
  }
}
