/** Sequences, where what they hold is known while reading: whoever reads one of them reads its tensor. */
import { EspalierError } from "../../error.ts";
import { axisOf } from "../../graph/op.ts";
import { numberIn } from "../attributes.ts";
import type { FileStep } from "../file-step.ts";
import type { Parts, Place, Sequence, Steps } from "./place.ts";
import type { ControlForm } from "./rounds.ts";
import { constantStep, handedOn, spelledSteps, stacked } from "./spelled-steps.ts";

function unknown({ op, name }: FileStep, what: string): never {
  throw new EspalierError(
    "unsupported",
    `${what} of ${op} is computed from data`,
    { node: name },
    "export the model without sequences of tensors",
  );
}

/** @throws EspalierError for a value that is no sequence, or one that is not known */
function sequenceOf(step: FileStep, place: Place): Sequence {
  const [name = ""] = step.inputs;
  const sequence = place.sequences.get(name);
  if (sequence) return sequence;
  throw new EspalierError(
    "unsupported",
    `what the sequence of ${step.op} holds is not known`,
    { node: step.name, input: name },
    "export the model without sequences of tensors",
  );
}

const lengthOfAxis = ({ of, axis }: Parts, place: Place): number => place.values.type(of)!.shape[axis];

const lengthOf = (sequence: Sequence, place: Place): number =>
  "names" in sequence ? sequence.names.length : (sequence.ends?.length ?? lengthOfAxis(sequence, place));

/** A position in a list, counted from the end where it is negative. @param most one more than the greatest */
function positionIn(step: FileStep, at: string | undefined, most: number, otherwise: number, place: Place): number {
  const given = at ? (place.numberOf(at) ?? unknown(step, "the position")) : otherwise;
  const position = given < 0 ? given + most : given;
  if (position >= 0 && position < most) return position;
  throw new EspalierError("mismatch", `${step.op} reaches beyond its sequence`, {
    node: step.name,
    got: given,
    wanted: `${-most} to ${most - 1}`,
  });
}

/** One element of a sequence. @param k its position, which may be negative: a part of one is found from the end at any length */
function* element(sequence: Sequence, k: number, to: string, place: Place): Steps {
  if ("names" in sequence) return yield* handedOn(sequence.names.at(k)!, to, place);
  const { of, axis, keeps, ends } = sequence;
  if (!ends && !keeps) {
    const index = place.values.fresh(`${to}/index`);
    yield constantStep(index, k, place.source);
    return yield* spelledSteps(["Gather", [of, index], to], { axis }, place);
  }
  const at = ends && k < 0 ? k + ends.length : k;
  const [start, end] = ends ? [ends[at - 1] ?? 0, ends[at]] : [k, k === -1 ? TO_THE_END : k + 1];
  yield* spelledSteps(["Slice", [of], to], { starts: [start], ends: [end], axes: [axis] }, place);
}
const TO_THE_END = 2 ** 63;

/** All elements by names of their own. */
function* elements(sequence: Sequence, stem: string, place: Place): Generator<FileStep, readonly string[], undefined> {
  if ("names" in sequence) return sequence.names;
  const names: string[] = [];
  for (let k = 0; k < lengthOf(sequence, place); k++) {
    const name = place.values.fresh(`${stem}/${k}`);
    yield* element(sequence, k, name, place);
    names.push(name);
  }
  return names;
}

const split: ControlForm = (step, place) => {
  const [x = "", sizes] = step.inputs;
  const type = place.values.type(x);
  if (!type) return undefined;
  const axis = axisOf(numberIn(step.proto, "axis", 0), type.shape.length);
  const parts = (keeps: boolean, ends?: readonly number[]) =>
    placed(step, { of: x, axis, keeps, ends: ends?.map((end) => Math.min(end, type.shape[axis])) }, place);
  if (!sizes) return parts(numberIn(step.proto, "keepdims", 1) !== 0);
  const known = place.values.known(sizes) ?? unknown(step, "the split");
  if (known.shape.length === 1) {
    let end = 0;
    const ends = known.values.map((n) => (end += n));
    if (end !== type.shape[axis])
      throw new EspalierError("mismatch", "the parts of SplitToSequence do not fit", {
        node: step.name,
        got: `[${known.values}]`,
        wanted: type.shape[axis],
      });
    return parts(true, ends);
  }
  const [each] = known.values;
  if (!(each > 0))
    throw new EspalierError("mismatch", "the parts of SplitToSequence do not fit", { node: step.name, got: each });
  if (each === 1) return parts(true);
  return parts(
    true,
    Array.from({ length: Math.ceil(type.shape[axis] / each) }, (_, k) => (k + 1) * each),
  );
};

// biome-ignore lint/correctness/useYield: a form that becomes no node
function* placed(step: FileStep, sequence: Sequence, place: Place): Steps {
  place.sequences.set(step.outputs[0], sequence);
}

/** What a sequence is after one of its elements came or went. */
const changed = (change: (names: string[], step: FileStep, place: Place) => void): ControlForm =>
  function* (step, place) {
    const names = [...(yield* elements(sequenceOf(step, place), step.name, place))];
    change(names, step, place);
    place.sequences.set(step.outputs[0], { names });
  };

/** Forms of sequences, by operator. */
export const sequenceForms: Readonly<Record<string, ControlForm>> = {
  SplitToSequence: split,
  SequenceConstruct: (step, place) => placed(step, { names: step.inputs }, place),
  SequenceEmpty: (step, place) => placed(step, { names: [] }, place),
  SequenceInsert: changed((names, step, place) => {
    const at = positionIn(step, step.inputs[2], names.length + 1, names.length, place);
    names.splice(at, 0, step.inputs[1]);
  }),
  SequenceErase: changed((names, step, place) => {
    names.splice(positionIn(step, step.inputs[1], names.length, names.length - 1, place), 1);
  }),
  *SequenceAt(step, place) {
    const sequence = sequenceOf(step, place);
    const at = place.numberOf(step.inputs[1]) ?? unknown(step, "the position");
    positionIn(step, step.inputs[1], lengthOf(sequence, place), 0, place);
    yield* element(sequence, at, step.outputs[0], place);
  },
  *SequenceLength(step, place) {
    const sequence = sequenceOf(step, place);
    const [to] = step.outputs;
    if ("names" in sequence || sequence.ends) return yield constantStep(to, lengthOf(sequence, place), place.source);
    const [shape, index] = [place.values.fresh(`${to}/shape`), place.values.fresh(`${to}/axis`)];
    yield* spelledSteps(["Shape", [sequence.of], shape], {}, place);
    yield constantStep(index, sequence.axis, place.source);
    yield* spelledSteps(["Gather", [shape, index], to], { axis: 0 }, place);
  },
  *ConcatFromSequence(step, place) {
    const sequence = sequenceOf(step, place);
    const [to] = step.outputs;
    const axis = numberIn(step.proto, "axis", 0);
    const anew = numberIn(step.proto, "new_axis", 0) !== 0;
    if (!("names" in sequence) && sequence.axis === axis && sequence.keeps !== anew)
      return yield* handedOn(sequence.of, to, place);
    const names = yield* elements(sequence, step.name, place);
    if (names.length === 0)
      throw new EspalierError("unsupported", "ConcatFromSequence of an empty sequence is not supported", {
        node: step.name,
      });
    if (anew) yield* stacked(names, axis, to, place);
    else yield* spelledSteps(["Concat", names, to], { axis }, place);
  },
};
