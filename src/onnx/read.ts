/**
 * ONNX bytes → Model. Any opset from 9 to 28 becomes one canonical form (graph/ops): opset 17's semantics, static
 * parameters as attributes, every shape concrete at batch 1. Sizes that the file leaves free stay so: the file is read at several of
 * them, and parameters that exporters compute from sizes are folded, or keep what they are computed from (any-size.ts).
 */

import { EspalierError } from "../error.ts";
import { aFunction, anObject, maybe, someBytes, wants } from "../given.ts";
import type { Type } from "../graph/op.ts";
import { boundAttrs, followedBy } from "../graph/sizes.ts";
import type { Dim, Follows, FreeSizes, Graph, Model, Node, Tensor, Value } from "../graph/types.ts";
import { forAnySize } from "./any-size.ts";
import type { Step } from "./canonical.ts";
import { withoutForms } from "./control/without-forms.ts";
import { dequantized } from "./dequantized.ts";
import type { External } from "./external.ts";
import {
  atOneLength,
  type Free,
  freeSizes,
  nothingFree,
  ofOneSample,
  waysToBind,
  waysToName,
  withFreeBatch,
} from "./free-sizes.ts";
import { withScalar } from "./measured-scalars.ts";
import { withOwnTensors } from "./merged.ts";
import { isDecided, otherProperties } from "./own-files.ts";
import { type Parsed, parse } from "./parse.ts";
import type { Rest } from "./rest.ts";
import { neededOpset } from "./spell.ts";
import { storedNumbers } from "./stored-numbers.ts";
import { withTies } from "./ties.ts";
import { type Binding, concrete, inferStep, type TracedStep, trace } from "./trace.ts";
import { withoutDraws } from "./without-draws.ts";

/** A file as it is at any sizes that it allows. */
interface Settled {
  readonly steps: readonly SettledStep[];
  /** Dimensions of outputs that the file does not declare. */
  dimsOf(name: string): readonly Dim[];
  readonly sizes: FreeSizes;
  /** At which sizes the graph is made. */
  readonly binding: Binding;
}

/** A step that holds at all sizes. */
type SettledStep = Pick<TracedStep, "from" | "folded" | "step">;

/**
 * Read at several sizes.
 * @param ofOne the file was made for one sample, and may not be true of more
 */
function anySize(parsed: Parsed, free: Free, bindings: readonly Binding[], ofOne: boolean): Settled {
  const look = (b: Binding) => trace(parsed, b, ofOne ? trace(parsed, ofOneSample(b, free.batch)) : undefined);
  const looks = { traced: bindings.map(look), axes: free.axes };
  const [first] = looks.traced;
  const steps = first.steps.map(({ from, folded }, i): SettledStep => {
    const each = looks.traced.map((t) => t.steps[i]);
    return { from, folded, step: withScalar(forAnySize(each, looks), each) };
  });
  const dimsOf = (name: string) =>
    first.types.get(name)!.shape.map((_, axis) => {
      const lengths = looks.traced.map((t) => t.types.get(name)!.shape[axis]);
      const is = (of: readonly (number | undefined)[]) => lengths.every((n, k) => n === of[k]);
      if (is(lengths.map(() => lengths[0]))) return lengths[0];
      return [...bindings[0].sizes.keys()].find((s) => is(bindings.map((b) => b.sizes.get(s)))) ?? "?";
    });
  const sizes = { axes: free.axes, batch: free.batch, tried: bindings.map((b) => b.sizes) };
  return { steps, dimsOf, sizes, binding: ofOneSample(bindings[0], free.batch) };
}

/** Read at the sizes that the file has. */
function asDeclared(parsed: Parsed): Settled {
  const free = nothingFree(parsed);
  const binding = { axes: free.axes, sizes: new Map<string, number>(), batch: 1 };
  const { steps, types } = trace(parsed, binding);
  const plain = steps.map((s) => {
    const { follows: _, ...step } = s.step;
    return { from: s.from, folded: s.folded, step: withScalar(step, [s]) };
  });
  const sizes = { axes: free.axes, batch: undefined, tried: [] };
  return { steps: plain, dimsOf: (name) => types.get(name)!.shape, sizes, binding };
}

/** Says, beside what went wrong, that it did so at other sizes than the file may have been made for. */
function whenDynamic(e: EspalierError, parsed: Parsed, tried: readonly Binding[]): EspalierError {
  const declared = [...parsed.inputs].map(([name, { dims }]) => `${name} [${dims.join(", ")}]`).join(", ");
  const symbols = [...tried[0].sizes.keys()];
  const beyondBatch = symbols.length > 1;
  const fix = beyondBatch
    ? "export the model with fixed sizes on all axes but the batch"
    : "export the model so that all of it follows the batch size, or with a fixed batch";
  const sizes = symbols.map((s) => `${s} ${tried.map((b) => b.sizes.get(s)).join(", ")}`);
  return new EspalierError(e.code, e.what, { ...e.details, declared, tried: sizes.join("; ") }, e.fix ?? fix);
}

/** The first way to bind free sizes at which the file can be read; else what went wrong, best not with the sizes alone. */
function firstWay(parsed: Parsed, frees: readonly Free[], ofOne: boolean): Settled | EspalierError {
  let wrong: EspalierError | undefined;
  for (const free of frees)
    for (const bindings of waysToBind(free))
      try {
        return anySize(parsed, free, bindings, ofOne);
      } catch (e) {
        if (!(e instanceof EspalierError)) throw e;
        if (!wrong || wrong.code === "mismatch") wrong = whenDynamic(e, parsed, bindings);
      }
  return wrong ?? new EspalierError("mismatch", "the file stores no length", {});
}

/** With the sizes free that the file leaves free; where it is true at one length only, at that. */
function asNamed(parsed: Parsed): Settled {
  const ways = waysToName(parsed);
  const settled = firstWay(parsed, ways, false);
  if (!(settled instanceof EspalierError)) return settled;
  if (settled.code !== "mismatch" || ways[0].others.length === 0) throw settled;
  const fixed = firstWay(parsed, atOneLength(ways[0], storedNumbers(parsed)), false);
  if (fixed instanceof EspalierError) throw settled;
  return fixed;
}

/** With the sizes free that the file leaves free; and with any number of samples, although it has one, where that can be. */
function settle(parsed: Parsed): Settled {
  const dynamic = [...parsed.inputs.values()].some(({ dims }) => dims.some((d) => typeof d === "string"));
  const declared = dynamic ? asNamed(parsed) : asDeclared(parsed);
  const inputs = withFreeBatch(parsed.inputs);
  if (!inputs) return declared.sizes.batch === undefined ? withReason(declared, NO_SAMPLE) : declared;
  const several = firstWay(parsed, [freeSizes({ inputs }, true)], true);
  if (!(several instanceof EspalierError)) return { ...several, dimsOf: declared.dimsOf };
  const { node, value } = several.details;
  return withReason(declared, `${several.what}${(node ?? value) ? ` (${node ?? value})` : ""}`);
}

const NO_SAMPLE = "the first axis of no input is free, or 1";
const withReason = (settled: Settled, fixed: string): Settled => ({ ...settled, sizes: { ...settled.sizes, fixed } });

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
    sharing: parsed.sharing,
    quantized: parsed.quantized,
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

/**
 * What a file declares of an output, as far as it is true: ONNX Runtime only warns of dimensions that are not. An axis of no element is
 * declared as some exporters declare one of any number.
 */
const fitted = (declared: readonly Dim[] | undefined, inferred: readonly Dim[]): readonly Dim[] =>
  declared?.length === inferred.length
    ? inferred.map((d, i) => (typeof declared[i] === "string" && d !== 0 ? declared[i] : d))
    : inferred;

function readModel(bytes: Uint8Array, external: External | undefined): Model {
  const stored = withoutForms(withoutDraws(dequantized(parse(bytes, external))));
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
