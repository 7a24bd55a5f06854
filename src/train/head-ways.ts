/** What may stand between a classifier and the output that it makes, by operator: classes pass, none becomes another or several one. */
import { ruleIn } from "../graph/op-site.ts";
import type { OpName } from "../graph/ops/index.ts";
import type { Attrs, Node } from "../graph/types.ts";

interface Way {
  /** It adds a stored bias. */
  readonly adds?: true;
  /** Its attributes for another number of classes. Default: the same. */
  attrs?(attrs: Attrs, from: number, to: number): Attrs;
}
const passes: Way = {};

const ways: { readonly [K in OpName]?: Way } = {
  Add: { adds: true },
  Softmax: passes,
  LogSoftmax: passes,
  Sigmoid: passes,
  Relu: passes,
  Identity: passes,
  Cast: passes,
  Dropout: passes,
  Flatten: passes,
  Squeeze: passes,
  Unsqueeze: passes,
  Transpose: passes,
  GlobalAveragePool: passes,
  AveragePool: passes,
  ReduceMean: passes,
  Reshape: {
    attrs: (attrs, from, to) => ({ ...attrs, shape: (attrs["shape"] as number[]).map((d) => (d === from ? to : d)) }),
  },
};

export const headWay = (node: Node): Way | undefined => ruleIn<Way>(ways, node);
