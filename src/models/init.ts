/**
 * Initial weights. A fill draws one parameter from its own stream, so the weights of a layer do not depend on how
 * many numbers the layers before it drew.
 */
import type { Random } from "../math/random.ts";

/** How many numbers enter and leave one unit of a layer: dense [O, I] → I, O; kernel [O, I, kh, kw] → I·kh·kw, O·kh·kw. */
export interface Fan {
  readonly in: number;
  readonly out: number;
}

/** Draws the `count` elements of one parameter. */
export type Fill = (random: Random, count: number, fan: Fan) => Float32Array;

/** Initial weights of a network, by kind of layer. Batch norm always starts at scale 1, shift 0, mean 0, variance 1. */
export interface Init {
  readonly conv: { readonly weight: Fill; readonly bias: Fill };
  readonly linear: { readonly weight: Fill; readonly bias: Fill };
}

/** Uniform in [0, 1) with 32 random bits: a float32 weight has no use for more, and large networks start sooner. */
const unit = (random: Random): number => random.uint32() * 2 ** -32;

export const zero: Fill = (_, count) => new Float32Array(count);

/** U(−1/√fan-in, 1/√fan-in). */
const uniformFanIn: Fill = (random, count, fan) => {
  const bound = 1 / Math.sqrt(fan.in);
  return new Float32Array(count).map(() => (2 * unit(random) - 1) * bound);
};

/** U(−√(6/(fan-in + fan-out)), …): Keras' default (Glorot & Bengio 2010). */
export const glorotUniform: Fill = (random, count, fan) => {
  const bound = Math.sqrt(6 / (fan.in + fan.out));
  return new Float32Array(count).map(() => (2 * unit(random) - 1) * bound);
};

/** N(0, std²), by Box–Muller, which makes two at a time. */
export const normal =
  (std: number): Fill =>
  (random, count) => {
    const x = new Float32Array(count);
    for (let i = 0; i < count; i += 2) {
      const r = std * Math.sqrt(-2 * Math.log(1 - unit(random)));
      const angle = 2 * Math.PI * unit(random);
      x[i] = r * Math.cos(angle);
      if (i + 1 < count) x[i + 1] = r * Math.sin(angle);
    }
    return x;
  };

/** N(0, 2 / fan-out): keeps the gradient's variance through ReLU layers (He et al. 2015). */
export const kaimingNormalFanOut: Fill = (random, count, fan) => normal(Math.sqrt(2 / fan.out))(random, count, fan);

/** What torch gives nn.Linear and nn.Conv2d. */
export const torchDefault: Init = {
  conv: { weight: uniformFanIn, bias: uniformFanIn },
  linear: { weight: uniformFanIn, bias: uniformFanIn },
};

export const allZero: Init = { conv: { weight: zero, bias: zero }, linear: { weight: zero, bias: zero } };
