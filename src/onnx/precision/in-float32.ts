/**
 * A file of other floats in float32, so that it can be trained: stored tensors, inputs, outputs and the Casts between. 16-bit floats are what
 * they were, as float32 holds them all; 64-bit ones are rounded. What each was is kept, for writing it back.
 */
import { dataTypes } from "../../dtype.ts";
import { EspalierError } from "../../error.ts";
import { opOf } from "../../graph/ops/index.ts";
import { tensor } from "../../graph/tensor.ts";
import type { Attr, DType, Tensor } from "../../graph/types.ts";
import { expansionOf } from "../expansions/index.ts";
import type { FileStep } from "../file-step.ts";
import type { Parsed } from "../parse.ts";
import type { WireMessage } from "../schema.ts";
import { valuesOf } from "../tensors.ts";
import { OTHER_FLOATS } from "./stored-precision.ts";

const isOtherFloat = (dtype: DType): boolean => OTHER_FLOATS.includes(dtype);

const widened = (t: Tensor): Tensor =>
  isOtherFloat(t.dtype) ? tensor("float32", t.shape, Float32Array.from(valuesOf(t))) : t;

/** By the number of TensorProto.DataType. */
const others = new Map<number, DType>(OTHER_FLOATS.map((dtype) => [dataTypes[dtype], dtype]));

const typesIn = (list: readonly WireMessage<"ValueInfoProto">[] | undefined) =>
  list?.map((v) => {
    const elem_type = v.type?.tensor_type?.elem_type;
    if (elem_type === undefined || !others.has(elem_type)) return v;
    return { ...v, type: { ...v.type, tensor_type: { ...v.type!.tensor_type, elem_type: dataTypes.float32 } } };
  });

const isTensor = (a: Attr | undefined): a is Tensor => typeof a === "object" && "data" in a;

/** Which attribute says what an operator makes, where that may be a float. */
const TARGET: Readonly<Record<string, string>> = { Cast: "to" };

/** The step in float32; notes what its output was. */
function stepIn(step: FileStep, was: Map<string, DType>, opset: number): FileStep {
  const { op, domain, outputs, attrs } = step;
  if (!opOf(op, domain) && !expansionOf(op, domain, opset)) return step;
  const changed = Object.entries(attrs).map(([key, a]): [string, Attr | undefined] => {
    const target = key === TARGET[op] && typeof a === "number" ? others.get(a) : undefined;
    const held = isTensor(a) && isOtherFloat(a.dtype) ? a.dtype : undefined;
    if (target ?? held) was.set(outputs[0], (target ?? held)!);
    return [key, target ? dataTypes.float32 : isTensor(a) ? widened(a) : a];
  });
  return { ...step, attrs: Object.fromEntries(changed) };
}

/** @throws EspalierError for a node that computes with other floats in a way that is not known */
function checkKnown({ steps, opset, declared }: Parsed, was: ReadonlyMap<string, DType>): void {
  const isOther = (name: string) => was.has(name) || isOtherFloat(declared.get(name)?.dtype ?? "float32");
  for (const { op, domain, name, inputs, outputs } of steps) {
    if (opOf(op, domain) || expansionOf(op, domain, opset)) continue;
    const value = [...inputs, ...outputs].find((x) => x && isOther(x));
    if (value === undefined) continue;
    throw new EspalierError(
      "unsupported",
      `${domain ? `${domain}.` : ""}${op} computes with ${was.get(value) ?? declared.get(value)?.dtype}, and Espalier does not know how in float32`,
      { node: name, value },
      "read the file as it is, or export the model in float32",
    );
  }
}

/** The file in float32; the same file where it has no other floats. */
export function inFloat32(parsed: Parsed): Parsed {
  const was = new Map<string, DType>();
  const note = (name: string, dtype: DType) => void (isOtherFloat(dtype) && was.set(name, dtype));
  for (const [name, { dtype }] of [...parsed.initializers, ...parsed.inputs]) note(name, dtype);
  for (const name of parsed.outputs) note(name, parsed.declared.get(name)?.dtype ?? "float32");
  const steps = parsed.steps.map((s) => stepIn(s, was, parsed.opset));
  if (was.size === 0) return parsed;
  checkKnown(parsed, was);
  const plain = <T extends { readonly dtype: DType }>(v: T): T =>
    isOtherFloat(v.dtype) ? { ...v, dtype: "float32" } : v;
  const { graph } = parsed;
  return {
    ...parsed,
    graph: {
      ...graph,
      input: typesIn(graph.input),
      output: typesIn(graph.output),
      value_info: typesIn(graph.value_info),
    },
    inputs: new Map([...parsed.inputs].map(([name, v]) => [name, plain(v)])),
    declared: new Map([...parsed.declared].map(([name, v]) => [name, plain(v)])),
    initializers: new Map([...parsed.initializers].map(([name, t]) => [name, widened(t)])),
    steps,
    precision: was,
  };
}
