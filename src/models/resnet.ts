/**
 * Residual networks (He et al. 2016) for 32×32 images: a 3×3 stem without pooling. Where a block changes the shape,
 * its shortcut is a 1×1 convolution with batch norm. Convolutions have no bias.
 */
import type { Value } from "../graph/types.ts";
import { builtIn, type Layers } from "./network.ts";

type Block = (n: Layers, name: string, x: Value, width: number, stride: number) => Value;

function shortcut(n: Layers, name: string, x: Value, out: number, stride: number): Value {
  if (stride === 1 && x.shape[1] === out) return x;
  return n.batchNorm(
    `${name}.downsample.1`,
    n.conv2d(`${name}.downsample.0`, x, out, { kernel: 1, stride, bias: false }),
  );
}

/** Two 3×3 convolutions; the first has the stride. */
const basic: Block = (n, name, x, width, stride) => {
  const conv1 = n.conv2d(`${name}.conv1`, x, width, { kernel: 3, stride, padding: 1, bias: false });
  const y = n.relu(n.batchNorm(`${name}.bn1`, conv1));
  const conv2 = n.conv2d(`${name}.conv2`, y, width, { kernel: 3, padding: 1, bias: false });
  const z = n.batchNorm(`${name}.bn2`, conv2);
  return n.relu(n.add(z, shortcut(n, name, x, width, stride)));
};

/** 1×1, 3×3 with the stride, 1×1 to four times the width. */
const bottleneck: Block = (n, name, x, width, stride) => {
  const conv1 = n.conv2d(`${name}.conv1`, x, width, { kernel: 1, bias: false });
  const y = n.relu(n.batchNorm(`${name}.bn1`, conv1));
  const conv2 = n.conv2d(`${name}.conv2`, y, width, { kernel: 3, stride, padding: 1, bias: false });
  const z = n.relu(n.batchNorm(`${name}.bn2`, conv2));
  const conv3 = n.conv2d(`${name}.conv3`, z, 4 * width, { kernel: 1, bias: false });
  const out = n.batchNorm(`${name}.bn3`, conv3);
  return n.relu(n.add(out, shortcut(n, name, x, 4 * width, stride)));
};

/** @param depths blocks per stage; the width doubles from stage to stage, starting at `stem` */
const resnet = (name: string, about: string, block: Block, stem: number, depths: readonly number[]) =>
  builtIn({ name, about, input: [3, 32, 32], classes: 10 }, (n, x, classes) => {
    let y = n.relu(n.batchNorm("bn1", n.conv2d("conv1", x, stem, { kernel: 3, padding: 1, bias: false })));
    depths.forEach((depth, i) => {
      for (let k = 0; k < depth; k++) y = block(n, `layer${i + 1}.${k}`, y, stem * 2 ** i, i > 0 && k === 0 ? 2 : 1);
    });
    return n.linear("fc", n.flatten(n.globalAveragePool(y)), classes);
  });

/** CIFAR ResNet-20, widths 16, 32, 64: 272,474 parameters with 10 classes. */
export const resnet20 = resnet("resnet20", "ResNet-20 for 32×32 images", basic, 16, [3, 3, 3]);

/** ResNet-50 with the CIFAR stem: 23,520,842 parameters with 10 classes, 23,705,252 with 100. */
export const resnet50 = resnet("resnet50", "ResNet-50 with a stem for 32×32 images", bottleneck, 64, [3, 4, 6, 3]);
