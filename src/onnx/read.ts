/**
 * ONNX bytes → Model. Any opset from 9 to 28 becomes one canonical form (graph/ops): opset 17's semantics, static
 * parameters as attributes, every shape concrete at batch 1. Sizes that the file leaves free stay so: the file is read at several of
 * them, and parameters that exporters compute from sizes are folded, or keep what they are computed from (any-size.ts).
 */

import { EspalierError } from "../error.ts";
import { aFunction, anObject, maybe, someBytes, wants } from "../given.ts";
import { type Sizes, withSizes } from "../graph/bind.ts";
import type { Type } from "../graph/op.ts";
import { boundAttrs, followedBy } from "../graph/sizes.ts";
import type { Dim, Follows, Graph, Model, Node, Tensor, Value } from "../graph/types.ts";
import type { Step } from "./canonical.ts";
import { withoutForms } from "./control/without-forms.ts";
import { dequantized } from "./dequantized.ts";
import type { External } from "./external.ts";
import { withOwnTensors } from "./merged.ts";
import { isDecided, otherProperties } from "./own-files.ts";
import { type Parsed, parse } from "./parse.ts";
import { aPrecision, type Precision } from "./precision/choice.ts";
import { inFloat32 } from "./precision/in-float32.ts";
import { precisionOf } from "./precision/stored-precision.ts";
import type { Rest } from "./rest.ts";
import { type SettledStep, settle } from "./settle.ts";
import { neededOpset } from "./spell.ts";
import { withTies } from "./ties.ts";
import { type Binding, concrete, inferStep } from "./trace.ts";
import { withoutDraws } from "./without-draws.ts";

/** Without the shape computations that became parameters. */
function withoutFolded(steps: readonly SettledStep[], outputs: readonly string[]): SettledStep[] {
  const read = new Set(outputs);
  const kept = steps.toReversed().filter(({ step, folded }) => {
    if (folded && !step.outputs.some((o) => read.has(o))) return false;
    for (const x of [...step.inputs, ...followedBy(followsOf(step))]) read.add(x);
    return true;
  });
  return kept.reverse();
}

/** Stored tensors, but for those that only parameters of operators came from. */
function keptInitializers(parsed: Parsed, steps: readonly SettledStep[]): Map<string, Tensor> {
  const after = new Set([...steps.flatMap(({ step }) => step.inputs), ...parsed.outputs]);
  return new Map([...parsed.initializers].filter(([name]) => after.has(name) || !parsed.read.has(name)));
}

/** What signatures do not tell: settings that came later than the attribute that they are of. */
function checkOpset(node: Node, opset: number): void {
  const needed = neededOpset(node);
  if (needed > opset)
    throw new EspalierError("invalid-file", `opset ${opset} does not have this form of ${node.op}`, {
      node: node.name,
      wanted: `opset ${needed} or newer`,
    });
}

/** What a settled step follows: told, all of it. */
const followsOf = (step: Step): Follows => (step.follows ?? {}) as Follows;

function graphOf(parsed: Parsed, steps: readonly SettledStep[], binding: Binding): Graph {
  const values = new Map<string, Value>();
  const define = (name: string, { dtype, shape }: Type): Value => {
    const v: Value = { name, dtype, shape };
    values.set(name, v);
    return v;
  };
  const inputs = [...parsed.inputs].map(([name, { dtype }]) =>
    define(name, { dtype, shape: concrete(binding.axes.get(name)!, binding) }),
  );
  const initializers = new Map([...keptInitializers(parsed, steps)].map(([name, t]) => [define(name, t), t]));
  const nodes = steps.map(({ step, from }): Node => {
    const ins = step.inputs.map((x) => (x ? values.get(x)! : null));
    const given = boundAttrs(step.attrs, followsOf(step), (name) => values.get(name)?.shape);
    const { attrs, outputs } = inferStep(step, given, ins, parsed, binding);
    const outs = step.outputs.map((o, i) => (o ? define(o, outputs[i]) : null));
    while (outs.at(-1) === null) outs.pop();
    const { op, domain, name, follows } = step;
    const node: Node = {
      op,
      domain,
      name,
      inputs: ins,
      outputs: outs,
      attrs,
      ...(follows && { follows: followsOf(step) }),
    };
    checkOpset(node, from.opset ?? parsed.opset);
    return node;
  });
  const outputs = parsed.outputs.map((name) => values.get(name)!);
  return { name: parsed.graph.name ?? "", inputs, outputs, initializers, nodes };
}

function restOf(parsed: Parsed, steps: readonly SettledStep[]): Rest {
  const { file, graph } = parsed;
  const { graph: _, metadata_props: __, ...model } = file;
  const declared = [...(graph.value_info ?? []), ...(graph.input ?? []), ...(graph.output ?? [])];
  const protos = new Map(steps.map(({ from, step }) => [step.outputs.find((o) => o) ?? "", from]));
  // before IR version 4 every initializer had to be an input; it meant nothing
  const listed =
    (file.ir_version ?? 0n) >= 4n ? graph.input : graph.input?.filter((v) => parsed.inputs.has(v.name ?? ""));
  return {
    model,
    graph: { doc_string: graph.doc_string, unknown: graph.unknown },
    inputs: (listed ?? []).map((v) => v.name ?? ""),
    values: new Map(declared.map((v) => [v.name ?? "", v])),
    nodes: new Map(
      [...protos].map(
        ([
          k,
          {
            proto: { doc_string, unknown },
          },
        ]) => [k, { doc_string, unknown }],
      ),
    ),
    tensors: new Map(
      (graph.initializer ?? []).map(({ name, doc_string, unknown }) => [name ?? "", { doc_string, unknown }]),
    ),
    calls: parsed.calls,
    resolved: parsed.resolved ?? [],
    unmasked: parsed.unmasked ?? [],
    precision: new Map([...precisionOf(parsed.file.metadata_props ?? []), ...(parsed.precision ?? [])]),
    converted: parsed.precision?.size ?? 0,
    sharing: parsed.sharing,
    quantized: parsed.quantized,
    training: steps.flatMap(({ step: { training, name, op } }) => (training ? [{ name, op }] : [])),
    captures: new Map([...protos].flatMap(([k, { captured }]) => (captured ? [[k, captured] as const] : []))),
  };
}

/** How a file is read. */
export interface ReadOptions {
  /** Gives the bytes of files that hold tensor data, by their path relative to the model. Default: there are none. */
  readonly external?: External;
  /**
   * "float32": every float16, bfloat16 and float64 is read as float32, which alone is trained; `write(model, { precision: "stored" })`
   * writes what the file had. Default: "stored", as it is.
   */
  readonly precision?: Precision;
  /** Sizes that the file leaves free, by symbol, at which the model is looked at: `{ sequence: 128 }`. Default: some that fit. */
  readonly sizes?: Sizes;
}

/**
 * Reads an ONNX file.
 * @returns the model at batch 1; `dims` names its dynamic axes ("?" = without a name)
 * @throws EspalierError for damaged files (naming the field or byte), unsupported opsets and element types, nodes that
 *   are not as ONNX has their operator in that opset, parameters that are computed from data or follow the batch size in a
 *   way that cannot be expressed, and operators outside the table whose output types the file does not declare. What is
 *   returned without an error, `write` writes, and what that gives reads back equal (−0 in stored floats is 0 then); UsageError for a
 *   size that the file has not, or that is none
 */
export function read(bytes: Uint8Array, options: ReadOptions = {}): Model {
  wants(
    "read",
    ["bytes", someBytes, bytes],
    ["options", anObject, options],
    ["external", maybe(aFunction), options, "external"],
    ["precision", maybe(aPrecision), options, "precision"],
    ["sizes", maybe(anObject), options, "sizes"],
  );
  const model = readModel(bytes, options);
  return options.sizes ? withSizes(model, options.sizes) : model;
}

function readModel(bytes: Uint8Array, options: ReadOptions): Model {
  try {
    return modelOf(bytes, options);
  } catch (e) {
    if (!(e instanceof EspalierError) || e.fix) throw e;
    throw new EspalierError(e.code, e.what, e.details, "check that the file is complete, or export the model again");
  }
}

/**
 * What a file declares of an output, as far as it is true: ONNX Runtime only warns of dimensions that are not. An axis of no element is
 * declared as some exporters declare one of any number.
 */
const fitted = (declared: readonly Dim[] | undefined, inferred: readonly Dim[]): readonly Dim[] =>
  declared?.length === inferred.length
    ? inferred.map((d, i) => (typeof declared[i] === "string" && d !== 0 ? declared[i] : d))
    : inferred;

function modelOf(bytes: Uint8Array, { external, precision }: ReadOptions): Model {
  const asItIs = withoutForms(withoutDraws(dequantized(parse(bytes, external))));
  const stored = precision === "float32" ? inFloat32(asItIs) : asItIs;
  const properties = stored.file.metadata_props ?? [];
  const parsed = isDecided(properties) ? stored : withTies(withOwnTensors(stored));
  const { steps: settled, dimsOf, sizes, binding } = settle(parsed);
  const steps = withoutFolded(settled, parsed.outputs);
  const dims = new Map<string, readonly Dim[]>();
  for (const [name, input] of parsed.inputs) dims.set(name, input.dims);
  for (const name of parsed.outputs)
    if (!dims.has(name)) dims.set(name, fitted(parsed.declared.get(name)?.dims, dimsOf(name)));
  return {
    graph: graphOf(parsed, steps, binding),
    opset: parsed.opset,
    dims,
    sizes,
    metadata: new Map(otherProperties(properties).map(({ key, value }) => [key ?? "", value ?? ""])),
    rest: restOf(parsed, steps),
  };
}
