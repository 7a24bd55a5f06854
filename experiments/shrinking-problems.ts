/** What experiments/shrinking-runs.ts trains: networks on few images, so that all of its runs take minutes. */
import { type Dataset, limitTrain, type Split } from "espalier";

export interface Problem {
  readonly data: string;
  /** Training samples, and test samples. */
  readonly images: number;
  readonly test: number;
  /** Whether images are brought to half their side first: a step takes a quarter of the time. */
  readonly halved: boolean;
  readonly batchSize: number;
  readonly lr: Readonly<Record<string, number>>;
  /** Such that about half of the groups go. */
  readonly lambda: Readonly<Record<string, number>>;
}

export const problems: Readonly<Record<string, Problem>> = {
  lenet5: {
    data: "mnist",
    images: 1000,
    test: 1000,
    halved: false,
    batchSize: 32,
    lr: { rmda: 0.1, proxSgd: 0.1, hspg: 0.1 },
    lambda: { rmda: 6e-3, proxSgd: 4e-3, hspg: 4e-3 },
  },
  resnet20: {
    data: "cifar10",
    images: 500,
    test: 500,
    halved: true,
    batchSize: 32,
    lr: { rmda: 0.3, proxSgd: 0.2, hspg: 0.2 },
    lambda: { rmda: 2e-3, proxSgd: 4e-3, hspg: 4e-3 },
  },
  "vgg-small": {
    data: "cifar10",
    images: 1000,
    test: 500,
    halved: true,
    batchSize: 32,
    lr: { rmda: 0.2, proxSgd: 0.1, hspg: 0.1 },
    lambda: { rmda: 4e-3, proxSgd: 8e-3, hspg: 8e-3 },
  },
};

/** A part of a data set as a problem takes it. */
export function problemData(whole: Dataset, { images, test, halved }: Problem): Dataset {
  const { train } = limitTrain(whole, images, 1);
  const some = { ...whole, train, test: limitTrain({ ...whole, train: whole.test }, test, 1).train };
  if (!halved) return some;
  const [channels, height, width] = whole.shape;
  const half = (split: Split): Split => ({ ...split, x: halfOf(split.x as Uint8Array, width) });
  return {
    ...some,
    name: `${whole.name} at ${height / 2} pixels`,
    shape: [channels, height / 2, width / 2],
    train: half(some.train),
    test: half(some.test),
    augment: { crop: 2, flip: true },
  };
}

/** Planes of pixels, each 2 × 2 of them as their mean. */
function halfOf(x: Uint8Array, width: number): Uint8Array {
  const out = new Uint8Array(x.length / 4);
  for (let i = 0; i < out.length; i++) {
    const column = i % (width / 2);
    const row = Math.floor(i / (width / 2)); // of all planes, one behind the other
    const at = 2 * row * width + 2 * column;
    out[i] = Math.round((x[at] + x[at + 1] + x[at + width] + x[at + width + 1]) / 4);
  }
  return out;
}
