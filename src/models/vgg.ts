/**
 * VGG (Simonyan & Zisserman 2015) with batch norm for 32×32 images: conv 3×3 with bias, one dense layer, no average
 * pool. Parameters are numbered as torchvision's `features`, which counts batch norm, ReLU and pooling too.
 */
import { type Init, kaimingNormalFanOut, normal, zero } from "./init.ts";
import { builtIn } from "./network.ts";

const init: Init = {
  conv: { weight: kaimingNormalFanOut, bias: zero },
  linear: { weight: normal(0.01), bias: zero },
};

/** Channels before each of the five poolings, as published. */
const WIDTHS = [64, 128, 256, 512, 512];

/** @param depths convolutions before each pooling */
const vgg = (name: string, about: string, depths: readonly number[], widths: readonly number[] = WIDTHS) =>
  builtIn(
    { name, about, input: [3, 32, 32], classes: 10 },
    (n, x, classes) => {
      let y = x;
      let index = 0;
      depths.forEach((depth, i) => {
        for (let k = 0; k < depth; k++, index += 3) {
          const conv = n.conv2d(`features.${index}`, y, widths[i], { kernel: 3, padding: 1 });
          y = n.relu(n.batchNorm(`features.${index + 1}`, conv));
        }
        y = n.maxPool2(`features.${index++}`, y);
      });
      return n.linear("classifier", n.flatten(y), classes);
    },
    init,
  );

/** Three stages of two convolutions, 32, 64 and 128 wide: 308,394 parameters with 10 classes. */
export const vggSmall = vgg("vgg-small", "VGG of three stages, 32, 64 and 128 wide", [2, 2, 2], [32, 64, 128]);

/** VGG-16 (configuration D): 14,728,266 parameters with 10 classes. */
export const vgg16 = vgg("vgg16", "VGG-16 with batch norm", [2, 2, 3, 3, 3]);

/** VGG-19 (configuration E): 20,040,522 parameters with 10 classes, 20,086,692 with 100. */
export const vgg19 = vgg("vgg19", "VGG-19 with batch norm", [2, 2, 4, 4, 4]);
