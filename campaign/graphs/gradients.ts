/** The gradients of a model beside central differences, in float64. */
import { encode } from "espalier";
import { backward } from "../../src/autodiff/backward.ts";
import { builder } from "../../src/graph/builder.ts";
import { isFloat, numbers, size, tensor } from "../../src/graph/tensor.ts";
import type { Graph, Model, Tensor, Value } from "../../src/graph/types.ts";
import { withoutUnread } from "../../src/graph/walk.ts";
import type { Random } from "../../src/math/random.ts";
import { randomInputs } from "../../src/proof/random-inputs.ts";
import { outputsOf } from "../runtime.ts";
import { WrongResult } from "../suite.ts";
import { widened, withKernels } from "./wide/wide.ts";

const STEP = 1e-6;
const TOLERANCE = 1e-5;

const normals = (random: Random, v: Value): Tensor =>
  tensor(
    "float64",
    v.shape,
    Float64Array.from({ length: size(v.shape) }, () => random.normal()),
  );
const wide = (t: Tensor): Tensor =>
  t.dtype === "float32" ? tensor("float64", t.shape, Float64Array.from(numbers(t))) : t;

/** A random sum of all outputs, and its gradient with respect to every float that the graph is given or holds. */
function gradientGraph(graph: Graph, random: Random): { graph: Graph; given: readonly Value[] } {
  // everything that is differentiated is an input
  const open = { ...graph, inputs: [...graph.inputs, ...graph.initializers.keys()], initializers: new Map() };
  const g = builder("gradients", open);
  const parts = graph.outputs.map((y) =>
    g.ReduceSum(g.Mul(g.Cast(y, { to: "float64" }), g.constant(normals(random, y))), { keepdims: 0 }),
  );
  const loss = g.output(g.Sum(parts), "loss");
  const given = open.inputs.filter((v) => isFloat(v.dtype));
  const gradients = backward(g, loss, given);
  given.forEach((v, i) => void g.output(gradients.get(v)!, `d${i}`));
  return { graph: withoutUnread(g.build()), given };
}

/**
 * Compares them along one random direction of everything at once.
 * @param keep where the graph is put that computes them
 * @returns why they cannot be compared; undefined where they were and agree
 * @throws WrongResult where they differ
 */
export async function compareGradients(
  model: Model,
  random: Random,
  keep: (bytes: Uint8Array) => void,
): Promise<string | undefined> {
  const { graph, given } = gradientGraph(widened(withoutUnread(model.graph)), random);
  const bytes = encode(withKernels(graph));
  keep(bytes);
  const drawn = randomInputs({ ...model, dims: new Map(), sizes: undefined }, graph.inputs[0]?.shape[0] ?? 1, random);
  const stored = [...model.graph.initializers].map(([v, t]) => [v.name, t] as const);
  const all = Object.fromEntries([...Object.entries(drawn), ...stored].map(([name, t]) => [name, wide(t)]));
  const at = Object.fromEntries(graph.inputs.map(({ name }) => [name, all[name]]));
  const direction = given.map((v) => normals(random, v).data as Float64Array);
  const numbersOf = (t: Tensor) => t.data as Float64Array;
  const moved = (step: number) => ({
    ...at,
    ...Object.fromEntries(
      given.map(({ name, shape }, i) => [
        name,
        tensor(
          "float64",
          shape,
          numbersOf(at[name]).map((x, k) => x + step * direction[i][k]),
        ),
      ]),
    ),
  });
  const [here, ahead, behind] = [
    await outputsOf(bytes, at, "disabled"),
    await outputsOf(bytes, moved(STEP), "disabled"),
    await outputsOf(bytes, moved(-STEP), "disabled"),
  ];
  if (!here || !ahead || !behind) return "no kernel";
  const value = (o: Readonly<Record<string, Tensor>>) => numbersOf(o["loss"])[0];
  const slope = (value(ahead) - value(behind)) / (2 * STEP);
  let [analytic, square] = [0, 0];
  given.forEach((_, i) => {
    numbersOf(here[`d${i}`]).forEach((x, k) => {
      analytic += x * direction[i][k];
      square += x * x;
    });
  });
  const scale = Math.max(1, Math.sqrt(square), Math.abs(value(here)));
  if (!Number.isFinite(scale) || !Number.isFinite(slope)) return "not finite";
  // a kink between the two points: the slopes of its sides are far apart, and neither is the gradient
  const forward = (value(ahead) - value(here)) / STEP;
  const backwards = (value(here) - value(behind)) / STEP;
  if (Math.abs(forward - backwards) > 10 * TOLERANCE * scale) return "a kink";
  if (Math.abs(slope - analytic) <= TOLERANCE * scale) return undefined;
  // a small one, such as a ReLU at zero: the gradient is that of a side, or lies between both
  const room = TOLERANCE * scale;
  const between = Math.min(forward, backwards) - room <= analytic && analytic <= Math.max(forward, backwards) + room;
  if (between && Math.abs(forward - backwards) > room) return "a kink";
  throw new WrongResult(
    `the gradient is ${analytic}, the difference ${slope}: ${Math.abs(slope - analytic) / scale} apart, relative`,
  );
}
