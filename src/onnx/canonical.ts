/**
 * A node as some opset spells it → the same in canonical form: opset 17's semantics, static parameters as attributes.
 * The inverse of spell.ts. Wiring is by name here; read.ts makes values of the names.
 */
import { EspalierError } from "../error.ts";
import type { Type } from "../graph/op.ts";
import { opOf } from "../graph/ops/index.ts";
import { isPlain } from "../graph/sizes.ts";
import { typeText } from "../graph/tensor.ts";
import type { Attr, Attrs, Follows, Shape, Size } from "../graph/types.ts";
import { specialForm } from "./canonical-forms.ts";
import { expandedSteps } from "./expansions/index.ts";
import type { Known } from "./fold-shapes.ts";
import { checkTypes } from "./signature.ts";
import { carriers, type Moved, movedAt } from "./spelling.ts";

/** A node by names; "" = an absent input or output. */
export interface Step {
  readonly op: string;
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attrs: Attrs;
  /** The file has it as it is in training. */
  readonly training?: true;
  /** Which of the attributes are made of sizes, and how; undefined where that cannot be told. */
  readonly follows?: Readonly<Record<string, Follows[string] | undefined>>;
}

/** What canonical form may depend on. */
export interface Context {
  readonly opset: number;
  /** The type of a value that stands before the node. */
  type(name: string): Type;
  /** The shape of such a value as the file has it: for one sample, where it is looked at with several. */
  written(name: string): Shape;
  /** A value that is known while reading: stored, constant, or computed from shapes. */
  known(name: string): Known | undefined;
  /** Whether a value is known to be zero everywhere. */
  zero(name: string): boolean;
  /** Whether a value is known to be all of 0, 1, 2 … below n in order, in whatever shape. */
  counts(name: string, n: number): boolean;
  /** Whether a node reads the value, or it is an output of the graph. */
  read(name: string): boolean;
  /** A new value name. Must be the same when the file is read at another batch size. */
  fresh(stem: string): string;
}

/** A parameter, and what it is made of where that is not numbers. */
interface Parameter {
  readonly value: Attr;
  readonly sizes: readonly (Size | undefined)[];
}

/** A static parameter out of the input that carries it. */
function parameter(m: Moved, step: Step, context: Context): Parameter | undefined {
  const input = step.inputs[m.input];
  if (!input) return undefined;
  const known = context.known(input);
  if (!known)
    throw new EspalierError(
      "unsupported",
      `the ${m.attr} of ${step.op} is computed from data`,
      { node: step.name, input, got: typeText(context.type(input)), wanted: "a stored tensor, or one made of shapes" },
      `export the model so that ${m.attr} is constant`,
    );
  if (!carriers[m.carrier].fractional && !known.values.every(Number.isInteger))
    throw new EspalierError("invalid-file", `the ${m.attr} of ${step.op} is no integer`, {
      node: step.name,
      input,
      got: known.values.join(", "),
    });
  const isList = m.carrier === "list" || m.carrier === "floats" || m.carrier === "single";
  if ((isList && known.shape.length !== 1) || known.shape.length > 1)
    throw new EspalierError("invalid-file", `the ${m.attr} of ${step.op} is no list`, {
      node: step.name,
      input,
      got: typeText(known),
      wanted: "one axis",
    });
  const { values, sizes } = known;
  if (m.carrier === "list" || m.carrier === "floats" || m.carrier === "axes") return { value: values, sizes };
  if (known.values.length !== 1)
    throw new EspalierError("invalid-file", `the ${m.attr} of ${step.op} is not one number`, {
      node: step.name,
      input,
      got: typeText(known),
    });
  return { value: values[0], sizes };
}

/**
 * The canonical form of a node: usually one, sometimes a few. Operators outside the table stay as they are.
 * @throws EspalierError when a parameter that canonical form holds as an attribute is computed from data
 */
export function canonical(step: Step, context: Context): readonly Step[] {
  const expanded = expandedSteps(step, context);
  if (expanded) return expanded;
  if (!opOf(step.op, step.domain)) return [step];
  checkTypes(step, context.type, context.opset);
  const moved = movedAt(step.op, context.opset);
  const attrs: Record<string, Attr | undefined> = { ...step.attrs };
  const follows: Record<string, Follows[string] | undefined> = {};
  for (const m of moved) {
    const given = parameter(m, step, context);
    attrs[m.attr] = given?.value;
    if (given?.sizes.some((s) => s === undefined || !isPlain(s))) follows[m.attr] = told(given.sizes);
    if (m.carrier === "typed") attrs.dtype = context.type(step.inputs[m.input]).dtype;
  }
  const carriers = new Set(moved.map((m) => m.input));
  const inputs = step.inputs.filter((_, i) => !carriers.has(i));
  // a node is known by its first output, which may be the one that nobody wants
  const outputs = step.outputs.map((o, i) => (i === 0 && !o ? context.fresh(`${step.name}/unread`) : o));
  const plain = { ...step, inputs, outputs, attrs, ...(Object.keys(follows).length > 0 && { follows }) };
  return specialForm(plain, context);
}

/** All of them, or nothing. */
function told(sizes: readonly (Size | undefined)[]): Follows[string] | undefined {
  const known = sizes.filter((s) => s !== undefined);
  return known.length === sizes.length ? known : undefined;
}
