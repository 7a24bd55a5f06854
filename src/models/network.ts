/**
 * A small vocabulary of layers over the graph builder, and what every built-in network shares: an input "input"
 * float32 [batch, …], an output "logits" [batch, classes], a dynamic batch axis, parameters named as torch names them.
 */

import { UsageError } from "../error.ts";
import { aList, anObject, maybe, wants } from "../given.ts";
import { type Builder, builder } from "../graph/builder.ts";
import { full, size, tensor, zeros } from "../graph/tensor.ts";
import type { Dim, Model, Shape, Value } from "../graph/types.ts";
import { withoutUnread } from "../graph/walk.ts";
import { Random } from "../math/random.ts";
import { type Fan, type Fill, type Init, torchDefault } from "./init.ts";

/** Options of every built-in model. */
export interface ModelOptions {
  /** Any integer; the same seed gives the same bytes. Default 0. */
  readonly seed?: number;
  /** Width of the output. Default: the model's own. */
  readonly classes?: number;
  /** Shape of one sample, without the batch axis: [channels, height, width]. Default: the model's own. */
  readonly input?: Shape;
}

/** What is known of a built-in model without building it. */
export interface ModelSpec {
  /** Its name on the command line. */
  readonly name: string;
  readonly about: string;
  /** Default shape of one sample. */
  readonly input: Shape;
  /** Default width of the output. */
  readonly classes: number;
}

/** A built-in model: call it to get an initialized model; `spec` says what the defaults are. */
export type BuiltIn = ((options?: ModelOptions) => Model) & { readonly spec: ModelSpec };

/** Options of a convolution. */
export interface ConvOptions {
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
  readonly bias?: boolean;
}

/** The layers of one network under construction. Each appends its parameters in torch's order. */
export class Layers {
  private readonly g: Builder;
  private readonly model: string;
  private readonly init: Init;
  private readonly seed: number;
  private parameters = 0;

  constructor(g: Builder, model: string, init: Init, seed: number) {
    this.g = g;
    this.model = model;
    this.init = init;
    this.seed = seed;
  }

  private parameter(name: string, shape: Shape, fill: Fill, fan: Fan): Value {
    const random = new Random(this.seed, "init", this.parameters++);
    return this.g.initializer(name, tensor("float32", shape, fill(random, size(shape), fan)));
  }

  /** x [N, C, H, W] → [N, out, H', W']; `name`.weight [out, C, k, k] and `name`.bias [out]. */
  conv2d(name: string, x: Value, out: number, { kernel, stride = 1, padding = 0, bias = true }: ConvOptions): Value {
    this.checkWindow(name, x, kernel, padding);
    const channels = x.shape[1];
    const fan = { in: channels * kernel * kernel, out: out * kernel * kernel };
    const w = this.parameter(`${name}.weight`, [out, channels, kernel, kernel], this.init.conv.weight, fan);
    const b = bias ? this.parameter(`${name}.bias`, [out], this.init.conv.bias, fan) : null;
    const attrs = { strides: [stride, stride], pads: [padding, padding, padding, padding] };
    return this.g.scope(name, () => this.g.Conv(x, w, b, attrs));
  }

  /** `name`.weight, .bias, .running_mean and .running_var, each [C]. */
  batchNorm(name: string, x: Value): Value {
    const c = [x.shape[1]];
    const scale = this.g.initializer(`${name}.weight`, full(c, 1));
    const shift = this.g.initializer(`${name}.bias`, zeros("float32", c));
    const mean = this.g.initializer(`${name}.running_mean`, zeros("float32", c));
    const variance = this.g.initializer(`${name}.running_var`, full(c, 1));
    return this.g.scope(name, () => this.g.BatchNormalization(x, scale, shift, mean, variance));
  }

  /** x [N, in] → [N, out]; `name`.weight [out, in] and `name`.bias [out]. */
  linear(name: string, x: Value, out: number): Value {
    const fan = { in: x.shape[1], out };
    const w = this.parameter(`${name}.weight`, [out, x.shape[1]], this.init.linear.weight, fan);
    const b = this.parameter(`${name}.bias`, [out], this.init.linear.bias, fan);
    return this.g.scope(name, () => this.g.Gemm(x, w, b, { transB: 1 }));
  }

  relu(x: Value): Value {
    return this.g.Relu(x);
  }

  /** Nothing but in training, where a share `ratio` of x is zero and the rest is scaled up. */
  dropout(x: Value, ratio: number): Value {
    return this.g.Dropout(x, { ratio });
  }

  add(a: Value, b: Value): Value {
    return this.g.Add(a, b);
  }

  /** Halves height and width, rounding down. */
  maxPool2(name: string, x: Value): Value {
    this.checkWindow(name, x, 2, 0);
    const [y] = this.g.scope(name, () => this.g.MaxPool(x, { kernel_shape: [2, 2], strides: [2, 2] }));
    return y;
  }

  /** x [N, C, H, W] → [N, C, 1, 1]. */
  globalAveragePool(x: Value): Value {
    return this.g.GlobalAveragePool(x);
  }

  /** x [N, …] → [N, the rest]. */
  flatten(x: Value): Value {
    return x.shape.length === 2 ? x : this.g.Flatten(x);
  }

  private checkWindow(layer: string, x: Value, kernel: number, padding: number): void {
    const [, , ...image] = x.shape;
    if (image.length !== 2)
      throw new UsageError(
        "mismatch",
        `${this.model} works on images`,
        { got: `samples of shape [${x.shape.slice(1)}]`, wanted: "[channels, height, width]" },
        "use logistic or an MLP for other data",
      );
    const least = kernel - 2 * padding;
    if (Math.min(...image) < least)
      throw new UsageError(
        "mismatch",
        `the images are too small for ${this.model}`,
        { layer, got: `${image.join("×")} at this layer`, wanted: `at least ${least}×${least}` },
        "use larger images or a model with fewer pooling layers",
      );
  }
}

const whole = (x: number) => Number.isSafeInteger(x) && x > 0;

/** Builds an initialized model from a function that describes its layers. Opset 17. */
export function network(
  options: { readonly name: string; readonly input: Shape; readonly seed: number; readonly init: Init },
  body: (layers: Layers, x: Value) => Value,
): Model {
  const { name, input, seed, init } = options;
  if (input.length === 0 || !input.every(whole))
    throw new UsageError("out-of-range", `${name} got a wrong input shape`, {
      got: `[${input}]`,
      wanted: "positive integers",
    });
  if (!Number.isSafeInteger(seed))
    throw new UsageError("out-of-range", `${name} got a wrong seed`, { got: String(seed), wanted: "an integer" });
  const g = builder(name);
  const x = g.input("input", "float32", [1, ...input]);
  const y = body(new Layers(g, name, init, seed), x);
  const graph = withoutUnread({ ...g.build(), outputs: [y] }); // MaxPool without its indices: the runtime has no fast kernel with them
  const logits = { ...y, name: "logits" }; // the last layer's output takes this name; no Identity node for it
  const nodes = graph.nodes.map((n) => (n.outputs[0] === y ? { ...n, outputs: [logits] } : n));
  const dims = new Map<string, readonly Dim[]>([
    ["input", ["batch", ...input]],
    ["logits", ["batch", ...y.shape.slice(1)]],
  ]);
  return { graph: { ...graph, nodes, outputs: [logits] }, opset: 17, dims, metadata: new Map() };
}

/** A built-in model from its description, its layers and its initialization (torch's own by default). */
export function builtIn(
  spec: ModelSpec,
  body: (layers: Layers, x: Value, classes: number) => Value,
  init: Init = torchDefault,
): BuiltIn {
  const build = (options: ModelOptions = {}): Model => {
    wants(spec.name, ["options", anObject, options], ["input", maybe(aList), options, "input"]);
    const { seed = 0, classes = spec.classes, input = spec.input } = options;
    if (!whole(classes))
      throw new UsageError("out-of-range", `${spec.name} got a wrong number of classes`, {
        got: classes,
        wanted: "a positive integer",
      });
    return network({ name: spec.name, input, seed, init }, (layers, x) => body(layers, x, classes));
  };
  return Object.assign(build, { spec });
}
