/** Whole numbers that a file stores in short lists: a length that its exporter wrote into it is among them. */
import type { Attr, Tensor } from "../graph/types.ts";
import type { Parsed } from "./parse.ts";

const MOST_NUMBERS = 8;
const isTensor = (a: Attr | undefined): a is Tensor => typeof a === "object" && "data" in a;

export function* storedNumbers({ initializers, steps }: Pick<Parsed, "initializers" | "steps">): Iterable<number> {
  const held = steps.flatMap(({ attrs: { value } }) => (isTensor(value) ? [value] : []));
  for (const { dtype, data } of [...initializers.values(), ...held])
    if (dtype === "int64" && data.length <= MOST_NUMBERS) for (const n of data) yield Number(n);
}
