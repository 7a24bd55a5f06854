/** Nodes that stand for a form of a file, as the opset of the file spells them. */
import type { Tensor } from "../../graph/types.ts";
import { encodeAttribute } from "../attributes.ts";
import { type FileStep, type Source, stepOf } from "../file-step.ts";
import { movedAt } from "../spelling.ts";
import { dataOf } from "../tensors.ts";
import type { Place } from "./place.ts";

/** Where new nodes go. */
interface NewNodes {
  readonly source: Source;
  readonly values: { fresh(stem: string): string };
}

type Numbers = number | readonly number[];

const int64 = (values: Numbers): Tensor => {
  const list = typeof values === "number" ? [values] : values;
  return { dtype: "int64", shape: typeof values === "number" ? [] : [list.length], data: dataOf("int64", list) };
};

/** A Constant, by its name and numbers. */
export function constantStep(name: string, value: Tensor | Numbers, source: Source): FileStep {
  const held = typeof value === "object" && "dtype" in value ? value : int64(value);
  const attribute = [encodeAttribute("value", held, "tensor")];
  return stepOf({ op_type: "Constant", name, output: [name], attribute }, 0, source);
}

/**
 * A node called as its output, behind Constants for those of its parameters that are inputs in the opset.
 * @param parameters whole numbers, and lists of them
 */
export function spelledSteps(
  [op_type, given, output]: readonly [op: string, inputs: readonly string[], output: string],
  parameters: Readonly<Record<string, Numbers>>,
  { source, values }: NewNodes,
): FileStep[] {
  const moved = new Map(movedAt(op_type, source.opset).map((m) => [m.attr, m.input]));
  const constants: FileStep[] = [];
  const input = [...given];
  const attribute: Uint8Array[] = [];
  for (const [key, numbers] of Object.entries(parameters)) {
    const at = moved.get(key);
    if (at === undefined) {
      attribute.push(encodeAttribute(key, numbers, typeof numbers === "number" ? "int" : "ints"));
      continue;
    }
    const name = values.fresh(`${output}/${key}`);
    constants.push(constantStep(name, numbers, source));
    while (input.length <= at) input.push("");
    input[at] = name;
  }
  return [...constants, stepOf({ op_type, name: output, input, output: [output], attribute }, 0, source)];
}

/** The same value, or the same sequence, under another name; "" is nobody's. */
export function* handedOn(from: string, to: string | undefined, place: Place): Generator<FileStep, void, undefined> {
  if (!to) return;
  const sequence = place.sequences.get(from);
  if (sequence) place.sequences.set(to, sequence);
  else yield* spelledSteps(["Identity", [from], to], {}, place);
}

/** Values on a new axis. */
export function* stacked(
  names: readonly string[],
  axis: number,
  to: string,
  place: Place,
): Generator<FileStep, void, undefined> {
  const rows: string[] = [];
  for (const name of names) {
    const row = place.values.fresh(`${name}/row`);
    yield* spelledSteps(["Unsqueeze", [name], row], { axes: [axis] }, place);
    rows.push(row);
  }
  yield* spelledSteps(["Concat", rows, to], { axis }, place);
}
