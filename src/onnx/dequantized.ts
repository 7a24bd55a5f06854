/**
 * A file with quantized numbers as the network that it stands for, which can be trained: stored integers become the floats that they
 * mean, and where a value between operators is rounded to integers and made floats again, it stays as it is. A rounding whose least
 * number is 0 also did what a Relu or Clip does, and often stands in the place of one, which quantizers take out: it is a Clip.
 */
import { tensor } from "../graph/tensor.ts";
import type { DType, Tensor } from "../graph/types.ts";
import { numberIn } from "./attributes.ts";
import type { FileStep } from "./file-step.ts";
import type { Parsed } from "./parse.ts";
import { valuesOf } from "./tensors.ts";

const [ROUND, UNROUND, CLIP, IDENTITY] = ["QuantizeLinear", "DequantizeLinear", "Clip", "Identity"];
/** ONNX Runtime has both in its own domain too. */
const DOMAINS: readonly string[] = ["", "com.microsoft"];
const is = (step: FileStep | undefined, op: string): step is FileStep =>
  step?.op === op && DOMAINS.includes(step.domain);

/** The least and the greatest number of each type that is rounded to. */
const ranges: Readonly<Partial<Record<DType, readonly [number, number]>>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
};
/** Stored integers: biases have 32 bits. */
const stores = (dtype: DType): boolean => dtype in ranges || dtype === "int32";

/** What is never below 0, so that no Clip is needed to keep it so. */
const notNegative: ReadonlySet<string> = new Set(["Relu", "Clip", "Sigmoid", "HardSigmoid", "Softmax", "Exp", "Abs"]);

/** From this opset on a Clip's bounds are inputs. */
const BOUNDS_AS_INPUTS = 11;

/** (x − zero)·scale, with one scale for all or one for each index of an axis; undefined for other forms. */
function floatsOf(step: FileStep, stored: ReadonlyMap<string, Tensor>): Tensor | undefined {
  const [x, scale, zero] = step.inputs.map((name) => (name ? stored.get(name) : undefined));
  if (!x || !scale || (step.inputs[2] && !zero) || scale.dtype !== "float32" || !stores(x.dtype)) return undefined;
  if (numberIn(step.proto, "block_size", 0)) return undefined;
  const given = numberIn(step.proto, "axis", 1);
  const axis = given < 0 ? given + x.shape.length : given;
  const scales = valuesOf(scale);
  if (scales.length !== 1 && scales.length !== x.shape[axis]) return undefined;
  const zeros = zero ? valuesOf(zero) : [0];
  const inner = x.shape.slice(axis + 1).reduce((n, d) => n * d, 1);
  const index = (i: number) => (scales.length === 1 ? 0 : Math.floor(i / inner) % scales.length);
  const floats = Float32Array.from(valuesOf(x), (q, i) => {
    return Math.fround(q - zeros[zeros.length === 1 ? 0 : index(i)]) * scales[index(i)];
  });
  return tensor("float32", x.shape, floats);
}

/** What a rounding keeps a value within; undefined where that is not one number for all. */
function boundsOf(step: FileStep, stored: ReadonlyMap<string, Tensor>): readonly [number, number] | undefined {
  const [, scale, zero] = step.inputs.map((name) => (name ? stored.get(name) : undefined));
  if (scale?.data.length !== 1 || (step.inputs[2] && zero?.data.length !== 1)) return undefined;
  const range = ranges[zero?.dtype ?? "uint8"];
  const [at] = zero ? valuesOf(zero) : [0];
  const [factor] = valuesOf(scale);
  return range && [(range[0] - at) * factor, (range[1] - at) * factor];
}

/** A file's parts without quantized numbers; the same parts where it has none, or other forms of them. */
export function dequantized(parsed: Parsed): Parsed {
  if (!parsed.steps.some((s) => is(s, UNROUND))) return parsed;
  const stored = new Map(parsed.initializers);
  const makers = new Map(parsed.steps.flatMap((s) => s.outputs.map((o) => [o, s] as const)));
  const read = new Set(parsed.read);
  const found = { tensors: 0, values: 0 };
  const bound = (name: string, x: number): string => {
    stored.set(name, tensor("float32", [], Float32Array.of(x)));
    read.add(name);
    return name;
  };
  const plain = (step: FileStep, op: string, inputs: readonly string[], attrs: FileStep["attrs"] = {}): FileStep => {
    return { ...step, op, domain: "", inputs, attrs, proto: { ...step.proto, attribute: [] } };
  };
  const steps = parsed.steps.flatMap((step): FileStep[] => {
    if (!is(step, UNROUND)) return [step];
    const floats = floatsOf(step, parsed.initializers);
    if (floats) {
      stored.set(step.outputs[0], floats);
      found.tensors++;
      return [];
    }
    const rounding = makers.get(step.inputs[0]);
    if (!is(rounding, ROUND)) return [step];
    found.values++;
    const [x] = rounding.inputs;
    const bounds = boundsOf(rounding, parsed.initializers);
    const maker = makers.get(x);
    if (bounds?.[0] !== 0 || !maker || notNegative.has(maker.op)) return [plain(step, IDENTITY, [x])];
    const [least, most] = bounds;
    if (parsed.opset < BOUNDS_AS_INPUTS) return [plain(step, CLIP, [x], { min: least, max: most })];
    const [y] = step.outputs;
    return [plain(step, CLIP, [x, bound(`${y}/least`, least), bound(`${y}/most`, most)])];
  });
  const wanted = new Set([...parsed.outputs, ...steps.flatMap((s) => s.inputs)]);
  const left = steps.filter((s) => !is(s, ROUND) || s.outputs.some((o) => wanted.has(o)));
  return { ...parsed, initializers: stored, steps: left, read, quantized: found };
}
