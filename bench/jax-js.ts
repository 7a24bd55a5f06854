/** jax-js's side of the benchmark: a built-in network in its arrays, the whole step compiled by `jit`. */
import { type FrameworkStep, type FrameworkTask, imported, taskBatch, versionOf } from "./framework.ts";
import { inOtherArrays, type Operators, parametersOf } from "./rebuilt-network.ts";

/** An array of jax-js, which belongs to whoever it is handed to; `ref` is one more owner's. */
interface Array_ {
  readonly shape: number[];
  readonly ref: Array_;
  add(y: Array_ | number): Array_;
  sub(y: Array_ | number): Array_;
  mul(y: Array_ | number): Array_;
  sum(): Array_;
  mean(axes: number[], options: { keepdims: boolean }): Array_;
  reshape(shape: readonly number[]): Array_;
  data(): Promise<Float32Array>;
}
type Tree = Readonly<Record<string, Array_>>;

/** What is used of @jax-js/jax. */
interface Jax {
  init(device: string): Promise<unknown>;
  defaultDevice(device: string): unknown;
  readonly numpy: {
    array(data: Float32Array | readonly number[], options?: { shape?: readonly number[]; dtype?: unknown }): Array_;
    readonly int32: unknown;
    max(x: Array_): Array_;
    matmul(x: Array_, y: Array_): Array_;
    matrixTranspose(x: Array_): Array_;
    zeros(shape: readonly number[]): Array_;
    sqrt(x: Array_): Array_;
    reciprocal(x: Array_): Array_;
  };
  readonly lax: {
    conv(x: Array_, kernel: Array_, strides: readonly number[], pads: [number, number][]): Array_;
    reduceWindow(x: Array_, by: (x: Array_) => Array_, kernel: readonly number[], strides: readonly number[]): Array_;
  };
  readonly nn: {
    relu(x: Array_): Array_;
    logSoftmax(x: Array_): Array_;
    oneHot(x: Array_, classes: number): Array_;
  };
  readonly tree: { map(f: (...leaves: Array_[]) => Array_, ...trees: Tree[]): Tree; ref(tree: Tree): Tree };
  jit<F>(f: F): F;
  valueAndGrad(loss: (p: Tree, x: Array_, y: Array_) => Array_): (p: Tree, x: Array_, y: Array_) => [Array_, Tree];
}

const operators = ({ numpy, lax, nn }: Jax): Operators<Array_> => {
  const perChannel = (x: Array_) => x.reshape([1, -1, 1, 1]);
  return {
    again: (x) => x.ref,
    conv: (x, kernel, { strides, pads: [top, left, bottom, right] }) =>
      lax.conv(x, kernel, strides, [
        [top, bottom],
        [left, right],
      ]),
    shift: (x, bias) => x.add(perChannel(bias)),
    batchNorm(x, scale, bias, epsilon) {
      const mean = x.ref.mean([0, 2, 3], { keepdims: true });
      const centred = x.sub(mean);
      const variance = centred.ref.mul(centred.ref).mean([0, 2, 3], { keepdims: true });
      const factor = numpy.reciprocal(numpy.sqrt(variance.add(epsilon))).mul(perChannel(scale));
      return centred.mul(factor).add(perChannel(bias));
    },
    relu: (x) => nn.relu(x),
    add: (x, y) => x.add(y),
    maxPool: (x, { kernel, strides }) => lax.reduceWindow(x, (window) => numpy.max(window), kernel, strides),
    meanOfPixels: (x) => x.mean([2, 3], { keepdims: true }),
    flatten: (x) => x.reshape([x.shape[0], -1]),
    linear: (x, weight, bias) => numpy.matmul(x, numpy.matrixTranspose(weight)).add(bias),
  };
};

/** @param device "cpu", which interprets, or "wasm" */
export async function jaxJs(task: FrameworkTask, device: string): Promise<FrameworkStep> {
  const jax = await imported<Jax>(task.modules, "@jax-js/jax");
  const { numpy, nn, tree } = jax;
  await jax.init(device);
  jax.defaultDevice(device);
  const { graph, x, shape, y, lr, momentum } = await taskBatch(task);
  const images = numpy.array(x, { shape });
  const labels = nn.oneHot(numpy.array([...y], { dtype: numpy.int32 }), 10);
  const by = operators(jax);
  let parameters: Tree = Object.fromEntries(
    [...parametersOf(graph)].map(([name, t]) => [name, numpy.array(t.data as Float32Array, { shape: t.shape })]),
  );
  let slots: Tree = tree.map((p) => numpy.zeros(p.shape), tree.ref(parameters));
  const loss = (p: Tree, x: Array_, y: Array_) =>
    nn
      .logSoftmax(inOtherArrays(graph, by, x, new Map(Object.entries(p))))
      .mul(y)
      .sum()
      .mul(-1 / shape[0]);
  const step = jax.jit((p: Tree, m: Tree, x: Array_, y: Array_): [Tree, Tree, Array_] => {
    const [value, gradients] = jax.valueAndGrad(loss)(tree.ref(p), x, y);
    const next = tree.map((m, g) => m.mul(momentum).add(g), m, gradients);
    return [tree.map((p, m) => p.sub(m.mul(lr)), p, tree.ref(next)), next, value];
  });
  return {
    version: `jax-js ${versionOf(task.modules, "@jax-js/jax")} (${device})`,
    async once() {
      const [p, m, value] = step(parameters, slots, images.ref, labels.ref);
      parameters = p;
      slots = m;
      return (await value.data())[0];
    },
  };
}
