/** TensorFlow.js's side of the benchmark: a built-in network in its arrays, images with their channels last. */
import { type FrameworkStep, type FrameworkTask, imported, taskBatch } from "./framework.ts";
import { inOtherArrays, type Operators, parametersOf } from "./rebuilt-network.ts";

/** An array of TensorFlow.js. */
interface Array_ {
  readonly shape: number[];
  data(): Promise<Float32Array>;
  dispose(): void;
}
type Pads = "valid" | [number, number][];

/** What is used of @tensorflow/tfjs. */
interface TensorFlow {
  readonly version_core: string;
  setBackend(name: string): Promise<boolean>;
  getBackend(): string;
  tensor(data: Float32Array, shape: readonly number[]): Array_;
  tensor1d(data: Int32Array, dtype: "int32"): Array_;
  oneHot(x: Array_, classes: number): Array_;
  variable(x: Array_): Array_;
  transpose(x: Array_, axes: readonly number[]): Array_;
  conv2d(x: Array_, kernel: Array_, strides: readonly number[], pads: Pads): Array_;
  maxPool(x: Array_, kernel: readonly number[], strides: readonly number[], pads: "valid"): Array_;
  moments(x: Array_, axes: number[]): { readonly mean: Array_; readonly variance: Array_ };
  batchNorm(x: Array_, mean: Array_, variance: Array_, offset: Array_, scale: Array_, epsilon: number): Array_;
  mean(x: Array_, axes: number[], keepDims: boolean): Array_;
  relu(x: Array_): Array_;
  add(x: Array_, y: Array_): Array_;
  reshape(x: Array_, shape: readonly number[]): Array_;
  matMul(x: Array_, y: Array_, transposeX: boolean, transposeY: boolean): Array_;
  readonly losses: { softmaxCrossEntropy(labels: Array_, logits: Array_): Array_ };
  readonly train: {
    momentum(lr: number, momentum: number): { minimize(loss: () => Array_, returnCost: true): Array_ };
  };
}

const LAST = [0, 2, 3, 1];
const FIRST = [0, 3, 1, 2];

const operators = (tf: TensorFlow): Operators<Array_> => ({
  again: (x) => x,
  conv: (x, kernel, { strides, pads: [top, left, bottom, right] }) =>
    tf.conv2d(x, kernel, strides, [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ]),
  shift: (x, bias) => tf.add(x, bias),
  batchNorm(x, scale, bias, epsilon) {
    const { mean, variance } = tf.moments(x, [0, 1, 2]);
    return tf.batchNorm(x, mean, variance, bias, scale, epsilon);
  },
  relu: (x) => tf.relu(x),
  add: (x, y) => tf.add(x, y),
  maxPool: (x, { kernel, strides }) => tf.maxPool(x, kernel, strides, "valid"),
  meanOfPixels: (x) => tf.mean(x, [1, 2], true),
  flatten: (x) => tf.reshape(tf.transpose(x, FIRST), [x.shape[0], -1]),
  linear: (x, weight, bias) => tf.add(tf.matMul(x, weight, false, true), bias),
});

/**
 * @param backend "cpu" or "wasm"
 * @throws Error with what TensorFlow.js says it lacks
 */
export async function tensorFlow(task: FrameworkTask, backend: string): Promise<FrameworkStep> {
  const tf = await imported<TensorFlow>(task.modules, "@tensorflow/tfjs");
  if (backend === "wasm") await imported(task.modules, "@tensorflow/tfjs-backend-wasm");
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no backend ${backend} here`);
  const { graph, x, shape, y, lr, momentum } = await taskBatch(task);
  const images = tf.transpose(tf.tensor(x, shape), LAST);
  const labels = tf.oneHot(tf.tensor1d(y, "int32"), 10);
  const parameters = new Map(
    [...parametersOf(graph)].map(([name, { data, shape }]) => {
      const array = tf.tensor(data as Float32Array, shape);
      return [name, tf.variable(shape.length === 4 ? tf.transpose(array, [2, 3, 1, 0]) : array)];
    }),
  );
  const by = operators(tf);
  const optimizer = tf.train.momentum(lr, momentum);
  return {
    version: `TensorFlow.js ${tf.version_core} (${tf.getBackend()})`,
    async once() {
      const loss = optimizer.minimize(
        () => tf.losses.softmaxCrossEntropy(labels, inOtherArrays(graph, by, images, parameters)),
        true,
      );
      const [value] = await loss.data();
      loss.dispose();
      return value;
    },
  };
}
