/**
 * Nodes that hold graphs or sequences, where what they depend on is known while reading: they are written out. They are gone through step
 * by step, so that each round of a loop sees what the one before it computed.
 */
import { EspalierError } from "../../error.ts";
import type { FileStep } from "../file-step.ts";
import type { Place, Steps } from "./place.ts";
import { type ControlForm, chosenBranch, loopRounds, scanRounds } from "./rounds.ts";
import { sequenceForms } from "./sequences.ts";
import { handedOn } from "./spelled-steps.ts";

const forms: Readonly<Record<string, ControlForm>> = {
  If: chosenBranch,
  Loop: loopRounds,
  Scan: scanRounds,
  ...sequenceForms,
  Identity: (step, place) =>
    place.sequences.has(step.inputs[0]) ? handedOn(step.inputs[0], step.outputs[0], place) : undefined,
};

/** Whether a node is of a form that may be written out. */
export const isForm = ({ op, domain }: FileStep): boolean =>
  domain === "" && op !== "Identity" && Object.hasOwn(forms, op);

/** The steps with every form that can be written out in the place of its node, those within them included. */
export function* unrolled(steps: Iterable<FileStep>, place: Place): Steps {
  for (const step of steps) {
    const made = step.domain === "" && Object.hasOwn(forms, step.op) ? forms[step.op](step, place) : undefined;
    if (made) yield* unrolled(made, place);
    else yield checked(step, place);
  }
}

function checked(step: FileStep, { sequences }: Place): FileStep {
  const sequence = step.inputs.find((x) => sequences.has(x));
  if (sequence === undefined) return step;
  throw new EspalierError(
    "unsupported",
    `${step.op} reads a sequence`,
    { node: step.name, input: sequence },
    "export the model without sequences of tensors",
  );
}
