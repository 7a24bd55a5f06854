/** The few lines of JavaScript that run a model in plain ONNX Runtime. */
import type { ModelInput } from "./results.ts";

/** Runs one example; says how to normalize if the model wants it. */
export function usage({ name, shape, output, mean, std }: ModelInput): string {
  const one = shape.map((d, i) => (i === 0 ? 1 : d));
  const length = one.reduce<number>((n, d) => n * (typeof d === "number" ? d : 1), 1);
  const list = (x: readonly number[]) => x.map((v) => Number(v.toPrecision(6))).join(", ");
  const normalize = mean && std ? ` // (pixel / 255 − mean) / std, mean ${list(mean)}, std ${list(std)}` : "";
  return `import * as ort from "onnxruntime-node";
const session = await ort.InferenceSession.create("small.onnx");
const values = new Float32Array(${length});${normalize}
const result = await session.run({ ${quoted(name)}: new ort.Tensor("float32", values, [${one.join(", ")}]) });
console.log(result${/^[A-Za-z_$][\w$]*$/.test(output) ? `.${output}` : `[${JSON.stringify(output)}]`}.data);`;
}

const quoted = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));
