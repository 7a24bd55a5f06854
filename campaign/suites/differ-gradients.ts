/** Random networks in float64: the gradient of a random sum of the outputs beside a difference along a random direction. */
import { encode, type Tensor } from "espalier";
import { backward } from "../../src/autodiff/backward.ts";
import { builder } from "../../src/graph/builder.ts";
import { size, tensor } from "../../src/graph/tensor.ts";
import type { Value } from "../../src/graph/types.ts";
import { prune } from "../../src/graph/walk.ts";
import type { Random } from "../../src/math/random.ts";
import { randomInputs } from "../../src/proof/random-inputs.ts";
import type { MoveName } from "../graphs/moves.ts";
import { randomModel } from "../graphs/random-model.ts";
import { outputsOf } from "../runtime.ts";
import { type Suite, WrongResult } from "../suite.ts";

/** What ONNX Runtime has float64 kernels for. */
const MOVES: readonly MoveName[] = [
  ...(["batchNorm", "pad", "scale", "shift", "meet", "divide", "where", "dense", "matMul", "attention"] as const),
  ...([
    "softmax",
    "reduce",
    "cumSum",
    "flatten",
    "reshape",
    "transpose",
    "squeeze",
    "unsqueeze",
    "slice",
    "reverse",
    "split",
  ] as const),
  ...([
    "concat",
    "gather",
    "tile",
    "expand",
    "unary",
    "clip",
    "maxPool",
    "globalPool",
    "layerNorm",
    "dropout",
  ] as const),
];
const STEP = 1e-6;
const TOLERANCE = 1e-5;

const normals = (random: Random, v: Value): Tensor =>
  tensor(
    "float64",
    v.shape,
    Float64Array.from({ length: size(v.shape) }, () => random.normal()),
  );
const numbersOf = (t: Tensor) => t.data as Float64Array;

export const differGradients: Suite = {
  name: "differ-gradients",
  about: "random networks in float64: gradients beside central differences",
  share: 2,
  async run({ random, keep }) {
    const model = randomModel(random, { dtype: "float64", of: MOVES, most: 8 });
    const { graph } = model;
    const given = [...graph.inputs, ...graph.initializers.keys()];
    // everything that is differentiated is an input
    const open = { ...graph, inputs: given, initializers: new Map() };
    const g = builder("gradients", open);
    const [y] = graph.outputs;
    const r = g.constant(normals(random, y));
    const loss = g.output(g.ReduceSum(g.Mul(y, r), { keepdims: 0 }), "loss");
    const gradients = backward(g, loss, given);
    given.forEach((v, i) => void g.output(gradients.get(v)!, `d${i}`));
    const bytes = encode(prune(g.build()));
    keep("gradients.onnx", bytes);

    const at = {
      ...randomInputs({ ...model, dims: new Map() }, 2, random),
      ...Object.fromEntries([...graph.initializers].map(([v, t]) => [v.name, t])),
    };
    const direction = Object.fromEntries(given.map((v) => [v.name, normals(random, v)]));
    const moved = (t: number) =>
      Object.fromEntries(
        given.map((v) => [
          v.name,
          tensor(
            "float64",
            v.shape,
            numbersOf(at[v.name]).map((x, i) => x + t * numbersOf(direction[v.name])[i]),
          ),
        ]),
      );
    const here = await outputsOf(bytes, at, "disabled");
    const ahead = await outputsOf(bytes, moved(STEP), "disabled");
    const behind = await outputsOf(bytes, moved(-STEP), "disabled");
    if (!here || !ahead || !behind) return "no kernel";
    const value = (o: Readonly<Record<string, Tensor>>) => numbersOf(o["loss"])[0];
    const slope = (value(ahead) - value(behind)) / (2 * STEP);
    const [analytic, norm] = given.reduce(
      ([sum, square], v, i) => {
        const d = numbersOf(here[`d${i}`]);
        return [
          sum + d.reduce((s, x, k) => s + x * numbersOf(direction[v.name])[k], 0),
          square + d.reduce((s, x) => s + x * x, 0),
        ];
      },
      [0, 0],
    );
    const scale = Math.max(1, Math.sqrt(norm), Math.abs(value(here)));
    if (!Number.isFinite(scale) || !Number.isFinite(slope)) return "not finite";
    // a kink between the two points: the slopes of its sides are far apart, and neither is the gradient
    const forward = (value(ahead) - value(here)) / STEP;
    const backwards = (value(here) - value(behind)) / STEP;
    if (Math.abs(forward - backwards) > 10 * TOLERANCE * scale) return "a kink";
    if (Math.abs(slope - analytic) > TOLERANCE * scale)
      throw new WrongResult(
        `the gradient is ${analytic}, the difference ${slope}: ${Math.abs(slope - analytic) / scale} apart, relative`,
      );
    return undefined;
  },
};
