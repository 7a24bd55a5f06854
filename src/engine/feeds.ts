/** What every engine checks before it runs a model, so that a wrong tensor gets the same words from all of them. */
import { ownEntry } from "../dictionary.ts";
import type { DType } from "../dtype.ts";
import { EspalierError } from "../error.ts";
import type { DeviceTensor, DeviceTensors } from "./engine.ts";

/** An input or output as the model declares it. */
export interface DeclaredTensor {
  readonly name: string;
  readonly dtype: DType;
  /** A string stands for any size. Undefined when the runtime does not know the rank. */
  readonly shape: readonly (number | string)[] | undefined;
}

const text = ({ dtype, shape }: { dtype: DType; shape: readonly (number | string)[] | undefined }): string =>
  `${dtype}${shape ? `[${shape.map((d) => (typeof d === "string" ? d || "?" : d)).join(",")}]` : ""}`;

const fits = (t: DeviceTensor, { dtype, shape }: DeclaredTensor): boolean =>
  t.dtype === dtype &&
  (!shape ||
    (t.shape.length === shape.length && shape.every((d, i) => typeof d === "string" || d < 0 || d === t.shape[i])));

/**
 * Checks that there is a tensor for every input, and that each fits.
 * @throws EspalierError naming the input
 */
export function checkFeeds(inputs: readonly DeclaredTensor[], feeds: DeviceTensors): void {
  for (const input of inputs) {
    const t = ownEntry(feeds, input.name);
    if (!t)
      throw new EspalierError(
        "missing",
        `input "${input.name}" was not given`,
        { got: Object.keys(feeds).join(", ") || "nothing", wanted: inputs.map((i) => i.name).join(", ") },
        "give one tensor per input, by the model's own names",
      );
    if (!fits(t, input))
      throw new EspalierError(
        "mismatch",
        `the tensor does not fit input "${input.name}"`,
        { got: text(t), wanted: text(input) },
        "give a tensor of the declared type and shape, or convert it in the model",
      );
  }
}

/**
 * Checks that every target is an output's, fits it and is not read by the run.
 * @throws EspalierError naming the output
 */
export function checkTargets(
  outputs: ReadonlyMap<string, DeclaredTensor>,
  feeds: DeviceTensors,
  into: DeviceTensors,
): void {
  const given = Object.entries(into);
  if (given.length === 0) return;
  const read = new Set(Object.values(feeds));
  for (const [name, t] of given) {
    const output = outputs.get(name);
    if (!output)
      throw new EspalierError(
        "unknown-name",
        `"${name}" is no output of the model`,
        { wanted: [...outputs.keys()].join(", ") },
        "name the outputs that the targets are for",
      );
    if (!fits(t, output))
      throw new EspalierError(
        "mismatch",
        `the target does not fit output "${name}"`,
        { got: text(t), wanted: text(output) },
        "give a target of the output's type and shape, or none",
      );
    if (read.has(t))
      throw new EspalierError(
        "conflict",
        `the target of output "${name}" is read by the same run`,
        {},
        "keep two sets of tensors and swap them after each run",
      );
  }
}
