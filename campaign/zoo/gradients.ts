/** Gradients of a file's parameters against PyTorch's, for one loss: the sum of all outputs times noise. */
import { backward } from "../../src/autodiff/backward.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { batchSymbol } from "../../src/graph/bind.ts";
import { builder } from "../../src/graph/builder.ts";
import { size, tensor } from "../../src/graph/tensor.ts";
import type { Graph, Model, Tensor, Value } from "../../src/graph/types.ts";
import { withoutUnread } from "../../src/graph/walk.ts";
import { encode } from "../../src/onnx/write.ts";
import { forward } from "../../src/step/forward.ts";
import { type Exported, noise, oneSample, samples } from "./fixture.ts";
import { feedsFor, floatsOf, graphFor, run, Wrong } from "./numbers.ts";

/** Below this share of the gradient of all parameters together a tensor's own is rounding: it is 0 in exact numbers. */
const NOTHING = 1e-4;
const LARGEST_ERROR = 1e-3;

/** The gradient of each tensor. @param from, of the samples that the graph takes, of all */
function program(graph: Graph, of: readonly Value[], from: number): Uint8Array {
  const g = builder("gradients");
  const given = new Map<Value, Value>();
  for (const v of graph.inputs) given.set(v, g.input(v.name, v.dtype, v.shape));
  for (const v of of) given.set(v, g.initializer(v.name, graph.initializers.get(v)!));
  const { map } = forward(g, graph, given, "evaluation");
  const terms = graph.outputs.map((y, i) => {
    const n = size(y.shape);
    const weights = Float32Array.from(noise(100 + i, n * (from + 1)).slice(from * n));
    return g.ReduceSum(g.Mul(map.get(y)!, g.constant(tensor("float32", y.shape, weights))), { keepdims: 0 });
  });
  const loss = terms.reduce((a, b) => g.Add(a, b));
  const gradients = backward(
    g,
    loss,
    [...given].filter(([v]) => of.includes(v)).map(([, w]) => w),
  );
  of.forEach((v, i) => {
    g.output(g.Identity(gradients.get(given.get(v)!)!), `d${i}`);
  });
  return encode(withoutUnread(g.build()));
}

async function gradientsAt(
  engine: Engine,
  model: Model,
  names: readonly string[],
  inputs: readonly Tensor[],
  from: number,
) {
  const graph = graphFor(model, inputs);
  const of = names.map((name) => [...graph.initializers.keys()].find((v) => v.name === name)!);
  const bytes = program(graph, of, from);
  const out = await run(engine, bytes, feedsFor(model, inputs));
  return names.map((_, i) => Float64Array.from(floatsOf(out[`d${i}`])));
}

/** Summed over the samples, all at once or, where the file takes one alone, one after the other. */
async function gradientsOf(engine: Engine, model: Model, file: Exported, names: readonly string[]) {
  const inputs = samples(file.animal);
  if (batchSymbol(model) !== undefined) return gradientsAt(engine, model, names, inputs, 0);
  const each: Float64Array[][] = [];
  for (const at of [0, 1])
    each.push(
      await gradientsAt(
        engine,
        model,
        names,
        inputs.map((x) => oneSample(x, at)),
        at,
      ),
    );
  return each[0].map((g, i) => g.map((x, j) => x + each[1][i][j]));
}

/**
 * The largest error of a tensor's gradient, relative to its norm, where PyTorch's own in float32 is not as far off.
 * @param trained the tensors that training takes for parameters; those that are none are left out
 */
export async function gradientError(
  engine: Engine,
  model: Model,
  file: Exported,
  trained: readonly string[],
): Promise<number> {
  const names = trained.filter((name) => file.parameters[name] in file.animal.gradients);
  const got = await gradientsOf(engine, model, file, names);
  const { gradients } = file.animal;
  const all = Math.hypot(...Object.values(gradients).map(([norm]) => norm));
  let worst = 0;
  names.forEach((name, i) => {
    const [norm, ...rest] = gradients[file.parameters[name]];
    const own = rest.pop()!;
    const differences = rest.map((wanted, k) => wanted - dot(noise(k, got[i].length), got[i]));
    // a product with noise of variance 1/3 is √(1/3) of the norm, on average
    const error =
      Math.sqrt((3 / rest.length) * differences.reduce((s, d) => s + d * d, 0)) / Math.max(norm, NOTHING * all);
    if (!(error <= Math.max(LARGEST_ERROR, 10 * own)))
      throw new Wrong(`the gradient of "${name}" (${file.parameters[name]}) is ${error.toPrecision(2)} off`);
    worst = Math.max(worst, error);
  });
  return worst;
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((s, x, i) => s + x * b[i], 0);
