/** One pass over a parsed file at certain sizes: canonical steps, the types of all values, folded shape computations. */
import { EspalierError } from "../error.ts";
import { Allowance } from "../graph/allowance.ts";
import { inferNode } from "../graph/infer.ts";
import { takeName } from "../graph/new-names.ts";
import type { Type } from "../graph/op.ts";
import { opOf } from "../graph/ops/index.ts";
import { inputsText, size, typeText } from "../graph/tensor.ts";
import type { Attrs, Dim, Shape, Tensor } from "../graph/types.ts";
import type { Sample } from "./any-size.ts";
import { canonical, type Step } from "./canonical.ts";
import type { Values } from "./control/place.ts";
import { checkDeclared } from "./declared.ts";
import { isRandom } from "./evaluation-forms.ts";
import type { FileStep } from "./file-step.ts";
import { foldShapes, isSmall, type Known, knownTensor } from "./fold-shapes.ts";
import { MeasuredScalars } from "./measured-scalars.ts";
import type { Parsed } from "./parse.ts";
import { forSeveralSamples } from "./rebatch-rules.ts";
import { checkApart, type Samples } from "./samples.ts";
import { asWritten } from "./spell.ts";
import { isCounting } from "./strided-views.ts";
import { isExact } from "./tensors.ts";
import { ZeroValues } from "./zero-values.ts";

export interface TracedStep extends Sample {
  readonly from: FileStep;
  /** True when every output is known without data, so that the step may go once nobody reads it. */
  readonly folded: boolean;
  /** The number that its output is, made of shapes, and the shape it has. */
  readonly scalar?: number;
  readonly shape: Shape;
}

/** What a typed array can hold. A value of more elements could be neither fed nor fetched. */
const MOST_ELEMENTS = 2 ** 33;

/** Twice what NumPy has, and far more than any network: shapes are gone through axis by axis. */
const MOST_AXES = 128;

function checkSize(t: Type, where: () => Readonly<Record<string, string>>): void {
  const few = t.shape.length <= MOST_AXES;
  if (few && size(t.shape) <= MOST_ELEMENTS) return;
  throw new EspalierError(
    "too-large",
    few ? "a value is too large" : "a value has too many axes",
    {
      ...where(),
      got: few ? typeText(t) : `${t.shape.length} axes`,
      wanted: few ? `at most ${MOST_ELEMENTS} elements` : `at most ${MOST_AXES}`,
    },
    "check the dimensions and attributes in the model",
  );
}

/** At which sizes a file is looked at. */
export interface Binding {
  /** The dimensions of each input: numbers, and symbols of free sizes. */
  readonly axes: ReadonlyMap<string, readonly Dim[]>;
  /** What free sizes are, by symbol. */
  readonly sizes: ReadonlyMap<string, number>;
  /** What an axis is that is declared by another symbol. */
  readonly batch: number;
}

/** A shape, of dimensions and what their symbols are. */
export const concrete = (dims: readonly Dim[], { sizes, batch }: Binding): number[] =>
  dims.map((d) => (typeof d === "string" ? (sizes.get(d) ?? batch) : d));

/** What an operator outside the table makes, by the file's declarations. A symbol that no input has counts as the batch. */
function declaredTypes(step: Step, parsed: Parsed, binding: Binding): Type[] {
  return step.outputs.map((name): Type => {
    const declared = parsed.declared.get(name);
    if (declared?.dims) {
      const type = { dtype: declared.dtype, shape: concrete(declared.dims, binding) };
      checkSize(type, () => ({ node: step.name, output: name }));
      return type;
    }
    if (!name) return { dtype: "float32", shape: [] };
    if (isRandom(step))
      throw new EspalierError(
        "unsupported",
        `${step.op} makes random numbers, as only training does`,
        { node: step.name, output: name },
        "export the model for evaluation: model.eval(), and TrainingMode.EVAL for torch.onnx.export",
      );
    throw new EspalierError(
      "unsupported",
      `the output type of ${step.domain ? `${step.domain}.` : ""}${step.op} is unknown`,
      { node: step.name, output: name },
      "save the model with onnx.shape_inference.infer_shapes, which writes the types of all values into it",
    );
  });
}

/** Completed attributes and output types of a canonical step. */
export function inferStep(
  step: Step,
  attrs: Attrs,
  inputs: readonly (Type | null)[],
  parsed: Parsed,
  binding: Binding,
): { attrs: Attrs; outputs: readonly Type[] } {
  if (!opOf(step.op, step.domain)) return { attrs, outputs: declaredTypes(step, parsed, binding) };
  const where = () => ({ node: step.name, inputs: inputsText(inputs) });
  let inferred: { attrs: Attrs; outputs: readonly Type[] };
  try {
    inferred = inferNode(step.op, step.domain, step.name, inputs, attrs);
  } catch (e) {
    if (e instanceof EspalierError) throw e;
    // shape rules take well-formed attributes for granted
    throw new EspalierError("mismatch", `the attributes or inputs of ${step.op} do not fit`, {
      ...where(),
      got: (e as Error).message,
    });
  }
  for (const t of inferred.outputs)
    if (!t.shape?.every((d) => Number.isSafeInteger(d) && d >= 0))
      throw new EspalierError("mismatch", `the attributes or inputs of ${step.op} do not fit`, {
        ...where(),
        output: `[${t.shape}]`,
      });
  for (const t of inferred.outputs) checkSize(t, where);
  return { ...inferred, attrs: asWritten(step.op, inferred.attrs, parsed.opset, inputs, inferred.outputs) };
}

/** Optional outputs that canonical form does not have may go when nobody reads them. */
function keptOutputs(step: Step, count: number, parsed: Parsed): string[] {
  const extra = step.outputs.slice(count).find((o) => parsed.read.has(o));
  if (extra)
    throw new EspalierError(
      "unsupported",
      `an output of ${step.op} that Espalier does not support is read`,
      { node: step.name, output: extra, wanted: `the first ${count} only` },
      "export the model for inference",
    );
  return step.outputs.slice(0, count);
}

function startingValues({ inputs, initializers }: Parsed, binding: Binding): Map<string, Type | Known> {
  const values = new Map<string, Type | Known>();
  for (const [name, { dtype }] of inputs) {
    const type = { dtype, shape: concrete(binding.axes.get(name)!, binding) };
    checkSize(type, () => ({ input: name }));
    values.set(name, type);
  }
  for (const [name, t] of initializers) {
    checkSize(t, () => ({ initializer: name }));
    values.set(name, storedValue(t));
  }
  return values;
}

const storedValue = (t: Tensor): Type | Known =>
  isSmall(t.shape) && isExact(t) ? knownTensor(t) : { dtype: t.dtype, shape: t.shape };

/** How many numbers are computed while reading; shapes are a few each. What goes beyond counts as data. */
const MOST_FOLDED = 2 ** 20;

/** What a file is at certain sizes. */
export interface Traced {
  readonly steps: readonly TracedStep[];
  readonly types: ReadonlyMap<string, Type>;
}

function* lazily(steps: readonly Step[], several: (step: Step) => readonly Step[]): Generator<Step> {
  for (const step of steps) yield* several(step);
}

/** The nodes of a file, which may follow from what those before them come to. */
type Nodes = (values: Values) => Iterable<FileStep>;

/**
 * Steps and value types at given sizes of the inputs.
 * @param one what the file is for one sample, when it was made for one and is looked at with more
 * @param nodes what is gone through. Default: the steps of the file
 */
export function trace(parsed: Parsed, binding: Binding, one?: Traced, nodes: Nodes = () => parsed.steps): Traced {
  const values = startingValues(parsed, binding);
  const added = new Map<string, Shape>();
  const samples: Samples = {
    one: (name) => added.get(name) ?? one!.types.get(name)!.shape,
    now: (name) => values.get(name)!.shape,
    before: new Map(),
    guessed: new Set(),
    added,
  };
  const names = new Set(values.keys());
  for (const s of parsed.steps) for (const o of s.outputs) names.add(o);
  const zeros = new ZeroValues(parsed.initializers);
  const context = {
    opset: parsed.opset,
    type: (name: string) => values.get(name)!,
    written: (name: string) => (one ? samples.one(name) : values.get(name)!.shape),
    known: (name: string) => {
      const v = values.get(name);
      return v && "values" in v ? v : undefined;
    },
    zero: (name: string) => zeros.has(name),
    counts: (name: string, n: number) => {
      const v = values.get(name)!;
      const numbers = "values" in v ? v.values : parsed.initializers.get(name)?.data;
      return numbers?.length === n && isCounting(numbers);
    },
    read: (name: string) => parsed.read.has(name),
    fresh: (stem: string) => takeName(stem, names),
  };
  const store = (name: string, t: Tensor) => void values.set(name, storedValue(t));
  const inOpset = ({ opset }: FileStep) => (opset === undefined ? context : { ...context, opset });
  const steps: TracedStep[] = [];
  const allowance = new Allowance(MOST_FOLDED);
  const scalars = new MeasuredScalars();
  const several = (step: Step) => (one ? forSeveralSamples(step, samples, context.fresh) : [step]);
  // one by one: what several samples make of a step follows from the steps before it
  for (const from of nodes({ ...context, type: (name) => values.get(name), store }))
    for (const step of lazily(canonical(from, inOpset(from)), several)) {
      const inputs = step.inputs.map((x) => (x ? values.get(x)! : null));
      const { attrs, outputs: types } = inferStep(step, step.attrs, inputs, parsed, binding);
      const outputs = keptOutputs(step, types.length, parsed);
      const known =
        opOf(step.op, step.domain) && inputs.every((x) => x !== null)
          ? foldShapes({ op: step.op, attrs, follows: step.follows, names: step.inputs, inputs }, types[0], allowance)
          : undefined;
      outputs.forEach((o, i) => {
        if (o) values.set(o, (i === 0 && known) || { dtype: types[i].dtype, shape: types[i].shape });
      });
      if (one) checkApart({ ...step, outputs }, samples, binding.batch);
      zeros.add(step);
      const folded = known !== undefined && outputs.length === 1;
      const scalar = scalars.follow(step, folded ? known : undefined);
      steps.push({ from, step: { ...step, outputs }, inputs, folded, scalar, shape: types[0].shape });
    }
  checkDeclared(parsed.graph.value_info ?? [], "graph.value_info", values);
  checkDeclared(parsed.graph.output ?? [], "graph.output", values);
  checkDeclared(parsed.graph.input ?? [], "graph.input", values);
  return { steps, types: values };
}
