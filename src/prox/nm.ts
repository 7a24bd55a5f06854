/**
 * N:M sparsity: of every M consecutive weights along the input axis at most N are nonzero, as sparse tensor cores want it (2:4;
 * Mishra et al. 2021, "Accelerating sparse deep neural networks"). Blocks lie along the inputs of one output: the columns of a
 * dense layer, the input channels at one kernel position of a convolution.
 *
 * The proximal map is the projection: the N of largest magnitude stay (in a metric d, of largest d·w²; of equals the first), whatever the
 * step. While the penalty is warmed up, its share s growing from 0 to 1, the others decay instead: decaying masks (Kao et al. 2022,
 * "Training recipe for N:M structured sparsity with decaying pruning mask"). The penalty has no strength.
 *
 * With rmda, ramda and rda the projected point is made anew from dense sums of gradients at every step, so that a pruned weight is
 * 1 − s_t times what it would be, and returns as soon as its sum is large enough: a straight-through estimator, by dual averaging.
 * proxSgd, proxSsi and proxGen go on from the projected weights themselves. Step t therefore multiplies by (1 − s_t)/(1 − s_{t−1}): what
 * stays pruned from the first step on decays, gradients aside, as 1 − s_t, too. The form "yang" of proxSgd moves by ε_t towards a point
 * of which pruned weights are multiplied by 1 − s_t.
 */
import { z } from "zod";
import { EspalierError, UsageError } from "../error.ts";
import type { Builder } from "../graph/builder.ts";
import { full, size, zeros } from "../graph/tensor.ts";
import type { Graph, Shape, Value } from "../graph/types.ts";
import { groupSets } from "../groups/groups.ts";
import { rootView, type WeightUse, weightUses } from "../groups/weights.ts";
import type { Tensors } from "../groups/zeros.ts";
import { named, say } from "../message.ts";
import { definePenalty, type PenaltyRule } from "./define.ts";

const options = z.strictObject({
  n: z.int().min(1).default(2).describe("weights of a block that may be nonzero, below m"),
  m: z.int().min(2).default(4).describe("size of a block of consecutive inputs"),
});
/** Options of `nm`. */
export type NmOptions = z.input<typeof options>;

/** A weight as [before, inputs, after]. */
interface Blocked {
  readonly param: Value;
  readonly view: readonly [before: number, inputs: number, after: number];
}

const INFEASIBLE = 1e30; // stands for ∞, which times a step of 0 would be NaN

function make({ n, m }: z.output<typeof options>): PenaltyRule {
  if (n >= m)
    throw new UsageError("out-of-range", say`${named("n")} is out of range`, {
      got: n,
      wanted: `an integer, 1 … ${m - 1}`,
    });
  return {
    bind(graph) {
      const { weights, notes } = blockedWeights(graph, m);
      const project = (
        g: Builder,
        w: ReadonlyMap<Value, Value>,
        share: Value,
        importance: (param: Value, x: Value) => Value,
      ) => {
        const left = g.Sub(1, share); // exactly 0 at share 1
        return new Map(
          weights.map(({ param, view }) => {
            const x = w.get(param)!;
            const kept = mask(g, importance(param, x), view, n, m);
            const factor = g.Add(kept, g.Mul(g.Sub(1, kept), left));
            return [param, g.Mul(x, g.Reshape(factor, { shape: param.shape }))];
          }),
        );
      };
      return {
        sets: [],
        counted: groupSets(graph, "element").filter(({ members: [{ param }] }) =>
          weights.some((w) => w.param === param),
        ),
        notes,
        value(g, w) {
          const most = weights.map(({ param, view }) => {
            const x = g.Abs(w.get(param)!);
            const pruned = g.Sub(1, g.Reshape(mask(g, x, view, n, m), { shape: param.shape }));
            return g.ReduceMax(g.Mul(x, pruned), { keepdims: 0 });
          });
          return g.Mul(g.Cast(g.Greater(g.Max(most), 0), { to: "float32" }), INFEASIBLE);
        },
        shortfalls(tensors) {
          const { overfull, blocks } = overfullBlocks(weights, tensors, n, m);
          if (overfull === 0) return [];
          return [
            say`${overfull} of ${blocks} blocks of ${m} have more than ${n} nonzero weights: shorten ${named("lambdaWarmup")}, and with rmda or ramda let c reach 1 before the end`,
          ];
        },
        prox: (g, w, _, share) => project(g, w, share, (_param, x) => g.Abs(x)),
        proxInMetric: (g, w, metric, _, share) =>
          project(g, w, share, (param, x) => g.Mul(g.Mul(x, x), metric.get(param)!)),
      };
    },
  };
}

/** 1 for the n largest of every block of m and for the rest that fills none, else 0; in the shape of the view. */
function mask(g: Builder, importance: Value, [before, inputs, after]: Blocked["view"], n: number, m: number): Value {
  const blocks = Math.floor(inputs / m);
  const whole = blocks * m;
  const shape: Shape = [before, blocks, m, after];
  const flat = g.Reshape(importance, { shape: [before, inputs, after] });
  const rest = inputs - whole;
  const filled = rest ? g.Slice(flat, { starts: [0], ends: [whole], axes: [1] }) : flat;
  const [, places] = g.TopK(g.Reshape(filled, { shape }), { k: n, axis: 2 }); // of equals ONNX takes the lower index first
  const ones = g.constant(full([before, blocks, n, after], 1));
  const kept = g.ScatterElements(g.constant(zeros("float32", shape)), places, ones, { axis: 2 });
  const inBlocks = g.Reshape(kept, { shape: [before, whole, after] });
  return rest ? g.Concat([inBlocks, g.constant(full([before, rest, after], 1))], { axis: 1 }) : inBlocks;
}

/** How many whole blocks have more than n nonzero weights, of how many. */
function overfullBlocks(weights: readonly Blocked[], tensors: Tensors, n: number, m: number) {
  let [overfull, blocks] = [0, 0];
  for (const { param, view } of weights) {
    const [before, inputs, after] = view;
    const { data } = tensors.get(param.name)!;
    for (let i = 0; i < before; i++)
      for (let j = 0; j + m <= inputs; j += m)
        for (let k = 0; k < after; k++) {
          let nonzero = 0;
          for (let l = j; l < j + m; l++) if (data[(i * inputs + l) * after + k] !== 0) nonzero++;
          blocks++;
          if (nonzero > n) overfull++;
        }
  }
  return { overfull, blocks };
}

/** The weights that have whole blocks, and what is said of those that have none, or a rest. */
function blockedWeights(graph: Graph, m: number): { weights: readonly Blocked[]; notes: readonly string[] } {
  const weights = new Map<Value, Blocked>();
  const notes: string[] = [];
  const seen = new Set<Value>();
  for (const use of weightUses(graph)) {
    const param = use.stored.root;
    if (seen.has(param) || !graph.initializers.has(param) || param.dtype !== "float32") continue;
    seen.add(param);
    const view = inputAxis(use);
    const rest = view ? view[1] % m : 0;
    if (!view) notes.push(`${param.name} stays dense: it has no input axis of its own`);
    else if (view[1] < m) notes.push(`${param.name} stays dense: a block has ${m} inputs, it has ${view[1]}`);
    else weights.set(param, { param, view });
    if (view && view[1] >= m && rest > 0)
      notes.push(`${param.name}: the last ${rest} of ${view[1]} inputs fill no block of ${m} and stay dense`);
  }
  if (weights.size === 0)
    throw new EspalierError(
      "nothing-to-do",
      "no weight has a whole block for N:M sparsity",
      { got: notes.join("; ") || "no trainable weights", wanted: `at least ${m} inputs` },
      "use a smaller m, or another penalty",
    );
  return { weights: [...weights.values()], notes };
}

/** A weight as [before, inputs, after]; of a grouped convolution the inputs of one group. Depthwise kernels have one input each. */
function inputAxis({ stored, view, reads, carried }: WeightUse): Blocked["view"] | undefined {
  const found = carried ? undefined : rootView(stored, view, [reads.at(-1)!]);
  if (!found) return undefined;
  const [axis] = found.axes;
  return [size(found.view.slice(0, axis)), found.view[axis], size(found.view.slice(axis + 1))];
}

/**
 * At most n of every m consecutive weights. A rest that fills no block stays dense, and the run says so.
 * @throws UsageError for n, m out of range; when bound, EspalierError for a model in which no weight has a whole block
 */
export const nm = definePenalty({
  name: "nm",
  source: "Kao et al. 2022, arXiv 2209.07617",
  minimizes:
    "The indicator of at most n nonzero weights in every m along the input axis; pruned weights decay to zero while the mask warms up.",
  when: "Hardware with N:M kernels (2:4). The file stays as it is.",
  paper: "2:4; a mask that decays over training.",
  demo: { optimizer: "rmda", n: 2, m: 4, lr: 0.2, milestones: [6, 9] },
  options,
  ways: ["prox", "metric"],
  lambdaDecides: false,
  make,
});
