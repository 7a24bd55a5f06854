/** What ONNX says of an operator at an opset: how many inputs and outputs, of which types, which attributes. */
import { EspalierError } from "../error.ts";
import type { AttrType, Type } from "../graph/op.ts";
import { type OpName, opOf } from "../graph/ops/index.ts";
import { typeText } from "../graph/tensor.ts";
import type { DType } from "../graph/types.ts";
import type { OpForm } from "./signatures/forms-of.ts";
import { forms } from "./signatures/index.ts";
import { movedParameters } from "./spelling.ts";

/** A node by names, as far as its signature concerns it; "" = an absent input or output. */
interface Wired {
  readonly op: string;
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

interface Slots {
  /** The variable or element type of each; the last one again for all that follow it, if `more`. */
  readonly kinds: readonly string[];
  readonly optional: readonly boolean[];
  readonly more: boolean;
}

interface Signature {
  readonly inputs: Slots;
  readonly outputs: Slots;
  /** Element types that a variable or a name stands for. */
  readonly types: ReadonlyMap<string, ReadonlySet<DType>>;
  readonly attrs: ReadonlyMap<string, { readonly type: AttrType | "opaque"; readonly required: boolean }>;
}

const words: ReadonlyMap<string, readonly DType[]> = new Map([
  ["float", ["float16", "float32", "float64"]],
  ["int", ["int8", "int16", "int32", "int64"]],
  ["uint", ["uint8", "uint16", "uint32", "uint64"]],
  ["wide", ["int32", "int64", "uint32", "uint64"]],
]);

const wordsOf = (text: string): string[] => text.split(" ").filter((w) => w !== "");
const typesOf = (text: string): ReadonlySet<DType> =>
  new Set(wordsOf(text).flatMap((w) => words.get(w) ?? [w as DType]));

function slotsOf(text: string): Slots {
  const all = wordsOf(text);
  return {
    kinds: all.map((w) => w.replace(/[?*]$/, "")),
    optional: all.map((w) => w.endsWith("?")),
    more: all.at(-1)?.endsWith("*") ?? false,
  };
}

function parseForm([, wiring, types, attrs = ""]: OpForm): Signature {
  const [inputs, outputs] = wiring.split("->").map(slotsOf);
  const named = [...inputs.kinds, ...outputs.kinds].filter((k) => !Object.hasOwn(types, k));
  return {
    inputs,
    outputs,
    types: new Map([...Object.entries(types), ...named.map((k) => [k, k])].map(([k, t]) => [k, typesOf(t)])),
    attrs: new Map(
      wordsOf(attrs).map((a) => {
        const [key, type] = a.split(":");
        return [key.replace("!", ""), { type: type as AttrType | "opaque", required: key.endsWith("!") }];
      }),
    ),
  };
}

const parsed = new Map<OpForm, Signature>();

/** The signature of an operator of the table. @throws EspalierError when the opset does not have it yet */
function signatureOf({ op, name }: Wired, opset: number): Signature {
  const all = forms[op as OpName];
  const form = all.findLast(([since]) => since <= opset);
  if (!form)
    throw new EspalierError(
      "invalid-file",
      `opset ${opset} does not have ${op}`,
      { node: name, wanted: `opset ${all[0][0]} or newer` },
      `export the model again with opset ${all[0][0]} or newer`,
    );
  return signatureForm(form);
}

function signatureForm(form: OpForm): Signature {
  const known = parsed.get(form) ?? parseForm(form);
  parsed.set(form, known);
  return known;
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
  const at = forms[op].findIndex((f) => {
    const { inputs, types } = signatureForm(f);
    return types.get(inputs.kinds[0])?.has(dtype);
  });
  return at > 0 ? forms[op][at][0] : 0;
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
