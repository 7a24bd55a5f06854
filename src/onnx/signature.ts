/** What ONNX says of an operator at an opset: how many inputs and outputs, of which types, which attributes. */
import { EspalierError } from "../error.ts";
import type { AttrType, Type } from "../graph/op.ts";
import { type OpName, opOf } from "../graph/ops/index.ts";
import { typeText } from "../graph/tensor.ts";
import type { DType } from "../graph/types.ts";
import { forms } from "./signatures/index.ts";
import { formsFrom, type OpForm, type Slots } from "./signatures/notation.ts";
import { movedParameters } from "./spelling.ts";

/** A node by names, as far as its signature concerns it; "" = an absent input or output. */
interface Wired {
  readonly op: string;
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

const read = new Map<OpName, readonly OpForm[]>();

/** The forms of an operator, oldest first. */
export function operatorForms(op: OpName): readonly OpForm[] {
  const known = read.get(op) ?? formsFrom(forms[op]);
  read.set(op, known);
  return known;
}

/** The signature of an operator of the table. @throws EspalierError when the opset does not have it yet */
function signatureOf({ op, name }: Wired, opset: number): OpForm {
  const all = operatorForms(op as OpName);
  const form = all.findLast(({ since }) => since <= opset);
  if (!form)
    throw new EspalierError(
      "invalid-file",
      `opset ${opset} does not have ${op}`,
      { node: name, wanted: `opset ${all[0].since} or newer` },
      `export the model again with opset ${all[0].since} or newer`,
    );
  return form;
}

function checkCount(what: "input" | "output", step: Wired, names: readonly string[], slots: Slots): void {
  const where = { node: step.name, [`${what}s`]: names.map((n) => n || "—").join(", ") };
  if (!slots.more && names.length > slots.kinds.length)
    throw new EspalierError("mismatch", `${step.op} has too many ${what}s`, {
      ...where,
      got: names.length,
      wanted: `at most ${slots.kinds.length}`,
    });
  const missing = slots.kinds.findIndex((_, i) => !slots.optional[i] && !names[i]);
  if (missing >= 0) throw new EspalierError("missing", `${step.op} lacks an ${what}`, { ...where, [what]: missing });
}

/**
 * The opset that brought the element type of its first input to an operator; 0 where its first form has it, where none does, and
 * where the first input is a parameter in canonical form.
 */
export function typeSince(op: OpName, dtype: DType): number {
  if (movedParameters[op]?.some(({ input }) => input === 0)) return 0;
  const all = operatorForms(op);
  const at = all.findIndex(({ inputs, types }) => types.get(inputs.kinds[0])?.has(dtype));
  return at > 0 ? all[at].since : 0;
}

/** True for an attribute of any operator that a runtime keeps for itself. */
export const isInternal = (name: string) => name.startsWith("__");

/**
 * Checks what can be said of a node without types: its opset, the number of its inputs and outputs, its attributes.
 * Operators outside the table pass.
 * @param given attributes in order, with the type that the file states; undefined = one that Espalier does not interpret
 * @throws EspalierError naming the node
 */
export function checkForm(
  step: Wired,
  given: readonly { readonly name: string; readonly type: AttrType | undefined; readonly field: string }[],
  opset: number,
): void {
  if (!opOf(step.op, step.domain)) return;
  const { inputs, outputs, attrs } = signatureOf(step, opset);
  checkCount("input", step, step.inputs, inputs);
  checkCount("output", step, step.outputs, outputs);
  const node = step.name;
  for (const { name, type, field } of given) {
    const wanted = attrs.get(name)?.type;
    if (!wanted && !isInternal(name))
      throw new EspalierError("invalid-file", `${step.op} has no such attribute in opset ${opset}`, {
        field,
        node,
        got: name,
        wanted: [...attrs.keys()].join(", ") || "no attribute",
      });
    if (wanted && wanted !== (type ?? "opaque"))
      throw new EspalierError("invalid-file", `${step.op} has an attribute of the wrong type`, {
        field: `${field}.type`,
        node,
        name,
        got: type ?? "another type",
        wanted,
      });
  }
  const missing = [...attrs].find(([k, { required }]) => required && !given.some(({ name }) => name === k));
  if (missing) throw new EspalierError("missing", `${step.op} lacks an attribute`, { node, attribute: missing[0] });
}

/**
 * Checks the element types of a node's inputs. Operators outside the table pass.
 * @param typeOf the type of an input by name
 * @throws EspalierError naming the node and the input
 */
export function checkTypes(step: Wired, typeOf: (name: string) => Type, opset: number): void {
  if (!opOf(step.op, step.domain)) return;
  const { inputs, types } = signatureOf(step, opset);
  const bound = new Map<string, DType>();
  for (const [i, name] of step.inputs.entries()) {
    if (!name) continue;
    const kind = inputs.kinds[Math.min(i, inputs.kinds.length - 1)];
    const type = typeOf(name);
    const wanted = bound.has(kind) ? new Set([bound.get(kind)!]) : types.get(kind)!;
    if (!wanted.has(type.dtype))
      throw new EspalierError(
        "mismatch",
        bound.has(kind) ? `${step.op}: element types differ` : `${step.op} does not take this element type`,
        { node: step.name, input: name, got: typeText(type), wanted: [...wanted].join(", ") },
        type.dtype === "bfloat16" ? 'read the file with precision: "float32"' : undefined,
      );
    bound.set(kind, type.dtype);
  }
}
