/** A random network under construction. */
import { type Builder, builder } from "../../src/graph/builder.ts";
import { f32, size } from "../../src/graph/tensor.ts";
import type { Attrs, Shape, Value } from "../../src/graph/types.ts";
import type { Random } from "../../src/math/random.ts";
import { chance, pick } from "../mutate/pick.ts";

/** The batch that a network is built at; it runs at others. */
const BUILT_AT = 2;
/** Rows of a table of tokens; random inputs ask for the first two. */
const TOKENS = 4;

export class Net {
  readonly g: Builder = builder();
  readonly random: Random;
  /** Every float that has the batch on axis 0. */
  readonly values: Value[] = [];
  /** Whether it holds operators of a file that reading takes apart. */
  isForeign = false;
  private readonly inputs: Value[] = [];
  private readonly weights: Value[] = [];

  constructor(random: Random) {
    this.random = random;
  }

  input(shape: Shape): Value {
    const v = this.g.input(`x${this.inputs.length}`, "float32", [BUILT_AT, ...shape]);
    this.inputs.push(v);
    this.values.push(v);
    return v;
  }

  /** Rows of a table for each of so many tokens. */
  tokens(length: number, width: number): Value {
    const v = this.g.input("tokens", "int64", [BUILT_AT, length]);
    const rows = this.g.Gather(this.weight(TOKENS, width), v, { axis: 0 });
    this.values.push(rows);
    return rows;
  }

  /** One of the inputs: floats as they are given, with no rounding error. */
  given(): Value {
    return pick(this.random, this.inputs);
  }

  private store(stem: string, shape: Shape, draw: () => number): Value {
    const data = Array.from({ length: size(shape) }, draw);
    const v = this.g.initializer(`${stem}${this.weights.length}`, f32(data, shape));
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

  /** Numbers that do not learn. */
  fixed(numbers: readonly number[]): Value {
    return this.g.constant(f32(numbers));
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

  /** Another value of the same shape. */
  alike(x: Value): Value | undefined {
    const others = this.values.filter((v) => v !== x && v.shape.join() === x.shape.join());
    return others.length > 0 ? pick(this.random, others) : undefined;
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

  /** A node of an operator that files may have and the table has not. */
  foreign(op: string, inputs: readonly Value[], attrs: Attrs, shape: Shape): Value {
    this.isForeign = true;
    const name = `${op}_${this.g.build().nodes.length}`;
    const y: Value = { name, dtype: "float32", shape };
    this.g.add({ op, domain: "", name, inputs, outputs: [y], attrs });
    return y;
  }
}
