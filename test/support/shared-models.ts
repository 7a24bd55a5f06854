/** Models that share parameters, from test/fixtures/ties/make.py, and what PyTorch says of them. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { backward } from "../../src/autodiff/backward.ts";
import { runOnce } from "../../src/engine/engine.ts";
import { node } from "../../src/engine/node.ts";
import { atBatch } from "../../src/graph/bind.ts";
import { builder } from "../../src/graph/builder.ts";
import { f32, tensor } from "../../src/graph/tensor.ts";
import type { Model, Tensor } from "../../src/graph/types.ts";
import { encode } from "../../src/onnx/write.ts";
import { withTensors } from "../../src/step/parameters.ts";

interface Truth {
  readonly inputs: readonly { readonly shape: readonly number[]; readonly data: readonly number[] }[];
  readonly out: readonly number[];
  /** Of the loss mean(y²), by the name of the parameter. */
  readonly gradients: Readonly<Record<string, readonly number[]>>;
  /** Parameters after `steps` steps of gradient descent. */
  readonly after: Readonly<Record<string, readonly number[]>>;
}

const folder = fileURLToPath(new URL("../fixtures/ties/", import.meta.url));
export const torch = JSON.parse(readFileSync(`${folder}torch.json`, "utf8")) as {
  readonly rate: number;
  readonly steps: number;
  readonly models: Readonly<Record<string, Truth>>;
};

export const sharedModel = (file: string): Uint8Array => new Uint8Array(readFileSync(`${folder}${file}.onnx`));

const engine = node({ threads: 1 });

/** The inputs that PyTorch had, by name. */
export function feedsOf(model: Model, name: string): Record<string, Tensor> {
  return Object.fromEntries(
    model.graph.inputs.map((v, i): [string, Tensor] => {
      const { shape, data } = torch.models[name].inputs[i];
      return [
        v.name,
        v.dtype === "int64" ? tensor("int64", shape, BigInt64Array.from(data, BigInt)) : f32(data, shape),
      ];
    }),
  );
}

/** Outputs of the bytes of a file. */
export async function outputsOf(bytes: Uint8Array, feeds: Record<string, Tensor>): Promise<Float32Array> {
  const session = await engine.load(bytes);
  try {
    return Object.values(await runOnce(session, engine, feeds))[0].data as Float32Array;
  } finally {
    await session.release();
  }
}

/** Gradients of the loss mean(y²) with respect to every stored float tensor, by name. */
export async function gradientsOf(model: Model, feeds: Record<string, Tensor>): Promise<Map<string, Float32Array>> {
  const graph = atBatch(model, Object.values(feeds)[0].shape[0]);
  const wrt = [...graph.initializers.keys()].filter((v) => v.dtype === "float32");
  const g = builder("gradients", { ...graph, outputs: [] });
  const [y] = graph.outputs;
  const axes = y.shape.map((_, i) => i);
  const found = backward(g, g.ReduceMean(g.Mul(y, y), { axes, keepdims: 0 }), wrt);
  const names = wrt.map((v, i) => {
    g.output(found.get(v)!, `gradient ${i}`);
    return v.name;
  });
  const session = await engine.load(encode(g.build()));
  try {
    const made = await runOnce(session, engine, feeds);
    return new Map(names.map((name, i) => [name, made[`gradient ${i}`].data as Float32Array]));
  } finally {
    await session.release();
  }
}

/** Largest difference, relative to the largest number wanted. */
export function apart(got: ArrayLike<number> | undefined, wanted: ArrayLike<number>): number {
  if (got?.length !== wanted.length) return Infinity;
  const [x, y] = [Array.from(got), Array.from(wanted)];
  return Math.max(...y.map((w, i) => Math.abs(x[i] - w))) / Math.max(1e-6, ...y.map(Math.abs));
}
/** The model after as many steps of gradient descent as PyTorch took; what `stays` names is not trained. */
export async function descended(
  model: Model,
  feeds: Record<string, Tensor>,
  stays: ReadonlySet<string>,
): Promise<Model> {
  let now = model;
  for (let step = 0; step < torch.steps; step++) {
    const gradients = await gradientsOf(now, feeds);
    const next = new Map<string, Tensor>();
    for (const [{ name }, t] of now.graph.initializers) {
      const dw = gradients.get(name);
      if (!dw || stays.has(name)) continue;
      next.set(
        name,
        f32(
          Float32Array.from(t.data as Float32Array, (w, i) => w - torch.rate * dw[i]),
          t.shape,
        ),
      );
    }
    now = { ...now, graph: withTensors(now.graph, next) };
  }
  return now;
}
