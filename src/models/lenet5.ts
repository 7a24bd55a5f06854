/** LeNet-5 (LeCun et al. 1998) with ReLU and max-pooling, in the two sizes of the RMDA experiments. */
import type { Value } from "../graph/types.ts";
import { builtIn, type Layers } from "./network.ts";

const stage = (n: Layers, index: number, x: Value, out: number, padding = 0): Value =>
  n.maxPool2(`pool${index}`, n.relu(n.conv2d(`conv${index}`, x, out, { kernel: 5, padding })));

/** The large LeNet-5: conv 20 and 50, dense 500. 431,080 parameters at 1×28×28. */
export const lenet5 = builtIn(
  { name: "lenet5", about: "LeNet-5, large: conv 20 and 50, dense 500", input: [1, 28, 28], classes: 10 },
  (n, x, classes) => {
    const features = n.flatten(stage(n, 2, stage(n, 1, x, 20), 50));
    return n.linear("fc2", n.relu(n.linear("fc1", features, 500)), classes);
  },
);

/** The small LeNet-5: conv 6 (padded by 2) and 16, dense 120 and 84. 61,706 parameters at 1×28×28. */
export const lenet5Small = builtIn(
  { name: "lenet5-small", about: "LeNet-5, small: conv 6 and 16, dense 120 and 84", input: [1, 28, 28], classes: 10 },
  (n, x, classes) => {
    const features = n.flatten(stage(n, 2, stage(n, 1, x, 6, 2), 16));
    const hidden = n.relu(n.linear("fc2", n.relu(n.linear("fc1", features, 120)), 84));
    return n.linear("fc3", hidden, classes);
  },
);
