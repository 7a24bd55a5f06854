/**
 * ONNX bytes → Model. Any opset from 9 to 28 becomes one canonical form (graph/ops): opset 17's semantics, static
 * parameters as attributes, every shape concrete at batch 1. A batch axis that the file leaves dynamic stays so:
 * parameters that exporters compute from the batch size are folded by reading the file at two batch sizes (batch.ts).
 */

import { EspalierError } from "../error.ts";
import { aFunction, anObject, maybe, someBytes, wants } from "../given.ts";
import type { Type } from "../graph/op.ts";
import type { Dim, Graph, Model, Node, Tensor, Value } from "../graph/types.ts";
import { forAnyBatch } from "./batch.ts";
import type { External } from "./external.ts";
import { withOwnTensors } from "./merged.ts";
import { type Parsed, parse } from "./parse.ts";
import type { Rest } from "./rest.ts";
import { neededOpset } from "./spell.ts";
import { withTies } from "./ties.ts";
import { inferStep, type TracedStep, trace } from "./trace.ts";

/** Two sizes that are unlikely to stand in a model for another reason than the batch. */
const BATCHES = [2, 3] as const;

interface Settled {
  readonly steps: readonly TracedStep[];
  /** Dimensions of outputs that the file does not declare. */
  dimsOf(name: string): readonly Dim[];
}

/** Steps whose parameters hold at every batch size. */
function anyBatch(parsed: Parsed): Settled {
  const [a, b] = [trace(parsed, BATCHES[0]), trace(parsed, BATCHES[1])];
  const steps = a.steps.map((s, i): TracedStep => {
    const attrs = forAnyBatch(s, b.steps[i], BATCHES);
    return { ...s, step: { ...s.step, attrs } };
  });
  const dimsOf = (name: string) =>
    a.types.get(name)!.shape.map((d, i) => (d === b.types.get(name)!.shape[i] ? d : "?"));
  return { steps, dimsOf };
}

function oneBatch(parsed: Parsed): Settled {
  const { steps, types } = trace(parsed, 1);
  return { steps, dimsOf: (name) => types.get(name)!.shape };
}

/** Says, beside what went wrong, that it did so at another batch size than the file may have been made for. */
function whenDynamic(e: EspalierError, parsed: Parsed): EspalierError {
  const declared = [...parsed.inputs].map(([name, { dims }]) => `${name} [${dims.join(", ")}]`).join(", ");
  const beyondBatch = [...parsed.inputs.values()].some(({ dims }) => dims.slice(1).some((d) => typeof d === "string"));
  const fix = beyondBatch
    ? "export the model with fixed sizes on all axes but the batch"
    : "export the model so that all of it follows the batch size, or with a fixed batch";
  return new EspalierError(
    e.code,
    e.what,
    { ...e.details, declared, tried: `batch ${BATCHES.join(" and ")}` },
    e.fix ?? fix,
  );
}

function settle(parsed: Parsed): Settled {
  const dynamic = [...parsed.inputs.values()].some(({ dims }) => dims.some((d) => typeof d === "string"));
  if (!dynamic) return oneBatch(parsed);
  try {
    return anyBatch(parsed);
  } catch (e) {
    throw e instanceof EspalierError ? whenDynamic(e, parsed) : e;
  }
}

/** Without the shape computations that became parameters. */
function withoutFolded(steps: readonly TracedStep[], outputs: readonly string[]): TracedStep[] {
  const read = new Set(outputs);
  const kept = steps.toReversed().filter(({ step, folded }) => {
    if (folded && !step.outputs.some((o) => read.has(o))) return false;
    for (const x of step.inputs) read.add(x);
    return true;
  });
  return kept.reverse();
}

/** Stored tensors, but for those that only parameters of operators came from. */
function keptInitializers(parsed: Parsed, steps: readonly TracedStep[]): Map<string, Tensor> {
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

function graphOf(parsed: Parsed, steps: readonly TracedStep[]): Graph {
  const values = new Map<string, Value>();
  const define = (name: string, { dtype, shape }: Type): Value => {
    const v: Value = { name, dtype, shape };
    values.set(name, v);
    return v;
  };
  const inputs = [...parsed.inputs].map(([name, { dtype, dims }]) =>
    define(name, { dtype, shape: dims.map((d) => (typeof d === "string" ? 1 : d)) }),
  );
  const initializers = new Map([...keptInitializers(parsed, steps)].map(([name, t]) => [define(name, t), t]));
  const nodes = steps.map(({ step }): Node => {
    const ins = step.inputs.map((x) => (x ? values.get(x)! : null));
    const { attrs, outputs } = inferStep(step, step.attrs, ins, parsed, 1);
    const outs = step.outputs.map((o, i) => (o ? define(o, outputs[i]) : null));
    while (outs.at(-1) === null) outs.pop();
    const node = { op: step.op, domain: step.domain, name: step.name, inputs: ins, outputs: outs, attrs };
    checkOpset(node, parsed.opset);
    return node;
  });
  const outputs = parsed.outputs.map((name) => values.get(name)!);
  return { name: parsed.graph.name ?? "", inputs, outputs, initializers, nodes };
}

function restOf(parsed: Parsed, steps: readonly TracedStep[]): Rest {
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
    sharing: parsed.sharing,
    training: steps.flatMap(({ step: { training, name, op } }) => (training ? [{ name, op }] : [])),
    captures: new Map([...protos].flatMap(([k, { captured }]) => (captured ? [[k, captured] as const] : []))),
  };
}

/**
 * Reads an ONNX file.
 * @param options.external gives the bytes of files that hold tensor data, by their path relative to the model
 * @returns the model at batch 1; `dims` names its dynamic axes ("?" = without a name)
 * @throws EspalierError for damaged files (naming the field or byte), unsupported opsets and element types, nodes that
 *   are not as ONNX has their operator in that opset, parameters that are computed from data or follow the batch size in a
 *   way that cannot be expressed, and operators outside the table whose output types the file does not declare. What is
 *   returned without an error, `write` writes, and what that gives reads back equal (−0 in stored floats is 0 then)
 */
export function read(bytes: Uint8Array, options: { readonly external?: External } = {}): Model {
  wants(
    "read",
    ["bytes", someBytes, bytes],
    ["options", anObject, options],
    ["external", maybe(aFunction), options, "external"],
  );
  try {
    return readModel(bytes, options.external);
  } catch (e) {
    if (!(e instanceof EspalierError) || e.fix) throw e;
    throw new EspalierError(e.code, e.what, e.details, "check that the file is complete, or export the model again");
  }
}

/** What a file declares of an output, as far as it is true: ONNX Runtime only warns of dimensions that are not. */
const fitted = (declared: readonly Dim[] | undefined, inferred: readonly Dim[]): readonly Dim[] =>
  declared?.length === inferred.length
    ? inferred.map((d, i) => (typeof declared[i] === "string" ? declared[i] : d))
    : inferred;

function readModel(bytes: Uint8Array, external: External | undefined): Model {
  const parsed = withTies(withOwnTensors(parse(bytes, external)));
  const { steps: traced, dimsOf } = settle(parsed);
  const steps = withoutFolded(traced, parsed.outputs);
  const dims = new Map<string, readonly Dim[]>();
  for (const [name, input] of parsed.inputs) dims.set(name, input.dims);
  for (const name of parsed.outputs) dims.set(name, fitted(parsed.declared.get(name)?.dims, dimsOf(name)));
  return {
    graph: graphOf(parsed, steps),
    opset: parsed.opset,
    dims,
    metadata: new Map((parsed.file.metadata_props ?? []).map(({ key, value }) => [key ?? "", value ?? ""])),
    rest: restOf(parsed, steps),
  };
}
