/** Networks with random weights, for tests over topologies. */
import { type Builder, builder } from "../../src/graph/builder.ts";
import { size, tensor } from "../../src/graph/tensor.ts";
import type { Model, Shape, Value } from "../../src/graph/types.ts";
import { Random } from "../../src/math/random.ts";

/** A network under construction, with random weights. */
export class Net {
  readonly g: Builder = builder();
  private readonly random: Random;

  constructor(seed: number) {
    this.random = new Random(seed, "init");
  }

  weight(name: string, shape: Shape, scale = 0.5): Value {
    const data = Float32Array.from({ length: size(shape) }, () => this.random.normal() * scale);
    return this.g.initializer(name, tensor("float32", shape, data));
  }

  positive(name: string, n: number): Value {
    return this.g.initializer(
      name,
      tensor(
        "float32",
        [n],
        Float32Array.from({ length: n }, () => this.random.uniform() + 0.5),
      ),
    );
  }

  conv(
    x: Value,
    name: string,
    [O, I, k]: readonly number[],
    o: { pad?: number; bias?: boolean; group?: number } = {},
  ): Value {
    const { pad = 0, bias = true, group = 1 } = o;
    const w = this.weight(`${name}.weight`, [O, I / group, k, k]);
    const b = bias ? this.weight(`${name}.bias`, [O]) : null;
    return this.g.Conv(x, w, b, { group, pads: [pad, pad, pad, pad] });
  }

  bn(x: Value, name: string): Value {
    const n = x.shape[1];
    const [scale, shift, mean] = ["weight", "bias", "running_mean"].map((k) => this.weight(`${name}.${k}`, [n], 1));
    return this.g.BatchNormalization(x, scale, shift, mean, this.positive(`${name}.running_var`, n));
  }

  fc(x: Value, name: string, [O, I]: readonly number[]): Value {
    return this.g.Gemm(x, this.weight(`${name}.weight`, [O, I]), this.weight(`${name}.bias`, [O]), { transB: 1 });
  }

  relu(x: Value): Value {
    return this.g.Relu(x);
  }
}

export const model = (seed: number, input: Shape, build: (n: Net, x: Value) => Value): Model => {
  const net = new Net(seed);
  net.g.output(build(net, net.g.input("x", "float32", [2, ...input])), "y");
  return {
    graph: net.g.build(),
    opset: 17,
    dims: new Map([
      ["x", ["batch", ...input]],
      ["y", ["batch", ...net.g.build().outputs[0].shape.slice(1)]],
    ]),
    metadata: new Map([["made by", "topologies.test.ts"]]),
  };
};

/** What a network is made from: the shape of its input without the batch, and its layers. */
export interface Topology {
  readonly input: Shape;
  readonly build: (n: Net, x: Value) => Value;
}
