/** An If is the branch that is taken; a Loop and a Scan are their rounds, one after the other. */
import { EspalierError } from "../../error.ts";
import { axisOf } from "../../graph/op.ts";
import type { Tensor } from "../../graph/types.ts";
import { numberIn, numbersIn } from "../attributes.ts";
import type { FileStep } from "../file-step.ts";
import { bodyOf, bodySteps, checkMade } from "./body.ts";
import type { Place, Steps } from "./place.ts";
import { constantStep, handedOn, spelledSteps, stacked } from "./spelled-steps.ts";

/** Rounds that are written out; more of them are refused by name. */
const MOST_ROUNDS = 512;

const TRUE: Tensor = { dtype: "bool", shape: [], data: Uint8Array.of(1) };

/** A form as steps; undefined where what it depends on is not known: then the node stays what it is. */
export type ControlForm = (step: FileStep, place: Place) => Steps | undefined;

/** The inputs that the node itself names. */
const ownInputs = ({ inputs, captured }: FileStep): readonly string[] => inputs.slice(0, inputs.length - captured);

export const chosenBranch: ControlForm = (step, place) => {
  const condition = place.numberOf(ownInputs(step)[0] ?? "");
  return condition === undefined ? undefined : branch(step, condition !== 0, place);
};

function* branch(step: FileStep, taken: boolean, place: Place): Steps {
  place.resolved.push({ op: step.op, node: step.name, how: `its condition is always ${taken}` });
  const body = bodyOf(step, taken ? "then_branch" : "else_branch", place);
  const { steps, outputs } = bodySteps(body, step.name, [], step, place);
  checkMade(step, outputs.length);
  yield* steps;
  for (const [i, o] of step.outputs.entries()) yield* handedOn(outputs[i], o, place);
}

/** @throws EspalierError for too many rounds */
function checkRounds({ op, name }: FileStep, rounds: number): void {
  if (rounds <= MOST_ROUNDS) return;
  throw new EspalierError(
    "unsupported",
    `${op} has too many rounds to write them out`,
    { node: name, got: rounds, wanted: `at most ${MOST_ROUNDS}` },
    "export the model without this loop, or with fewer rounds",
  );
}

/** What goes from round to round, and what each round leaves for an output of all of them. */
class Carried {
  now: readonly string[];
  private readonly left: string[][];
  private readonly step: FileStep;

  constructor(step: FileStep, start: readonly string[]) {
    this.step = step;
    this.now = start;
    this.left = step.outputs.slice(start.length).map(() => []);
  }

  /** @param made what a round makes, without its condition */
  advance(made: readonly string[]): void {
    checkMade(this.step, made.length);
    const count = this.now.length;
    for (const [i, list] of this.left.entries()) list.push(made[count + i]);
    this.now = made.slice(0, count);
  }

  *outputs(place: Place, axes: readonly number[] = [], backwards: readonly number[] = []): Steps {
    const { name, op, outputs } = this.step;
    for (const [i, from] of this.now.entries()) yield* handedOn(from, outputs[i], place);
    for (const [i, list] of this.left.entries()) {
      const to = outputs[this.now.length + i];
      if (!to) continue;
      if (list.length === 0)
        throw new EspalierError("unsupported", `${op} has no round, and an output of all of them`, { node: name });
      yield* stacked(backwards[i] ? list.toReversed() : list, axes[i] ?? 0, to, place);
    }
  }
}

/** Inputs of a Loop: how often at most, whether to begin, what goes from round to round. */
export const loopRounds: ControlForm = (step, place) => {
  const [count = "", condition = "", ...start] = ownInputs(step);
  const most = count ? place.numberOf(count) : Number.POSITIVE_INFINITY;
  const begins = condition ? place.numberOf(condition) : 1;
  if (most === undefined || begins === undefined) return undefined;
  return looped(step, begins ? most : 0, new Carried(step, start), place);
};

function* looped(step: FileStep, most: number, carried: Carried, place: Place): Steps {
  const body = bodyOf(step, "body", place);
  let round = 0;
  for (let goes = 1; goes !== 0 && round < most; round++) {
    checkRounds(step, round + 1);
    const scope = `${step.name}/${round}`;
    const [index, condition] = [place.values.fresh(`${scope}/round`), place.values.fresh(`${scope}/goes`)];
    yield constantStep(index, round, place.source);
    yield constantStep(condition, TRUE, place.source);
    const { steps, outputs } = bodySteps(body, scope, [index, condition, ...carried.now], step, place);
    yield* steps;
    carried.advance(outputs.slice(1));
    const further = place.numberOf(outputs[0] ?? "");
    if (further === undefined)
      throw new EspalierError(
        "unsupported",
        "whether a Loop goes on is computed from data",
        { node: step.name, round },
        "export the model with a fixed number of rounds",
      );
    goes = further;
  }
  place.resolved.push({ op: step.op, node: step.name, how: `it has ${round} rounds` });
  yield* carried.outputs(place);
}

/** A Scan takes slices of its last inputs, one in each round. */
export const scanRounds: ControlForm = (step, place) => {
  const inputs = ownInputs(step);
  const count = numberIn(step.proto, "num_scan_inputs", inputs.length);
  const first = place.values.type(inputs[inputs.length - count] ?? "");
  return first && scanned(step, { start: inputs.slice(0, -count), taken: inputs.slice(-count) }, place);
};

interface ScanInputs {
  readonly start: readonly string[];
  readonly taken: readonly string[];
}

function* scanned(step: FileStep, { start, taken }: ScanInputs, place: Place): Steps {
  const body = bodyOf(step, "body", place);
  const list = (name: string) => numbersIn(step.proto, name) ?? [];
  const [axes, backwards] = [list("scan_input_axes"), list("scan_input_directions")];
  const lengths = taken.map((name, i) => {
    const shape = place.values.type(name)?.shape ?? [];
    return shape[axisOf(axes[i] ?? 0, shape.length)];
  });
  const [rounds] = lengths;
  if (lengths.some((n) => n !== rounds))
    throw new EspalierError("mismatch", "the inputs of a Scan differ in length", {
      node: step.name,
      got: `${lengths}`,
    });
  checkRounds(step, rounds);
  const carried = new Carried(step, start);
  for (let round = 0; round < rounds; round++) {
    const scope = `${step.name}/${round}`;
    const slices: string[] = [];
    for (const [i, name] of taken.entries()) {
      const [index, slice] = [place.values.fresh(`${scope}/index`), place.values.fresh(`${scope}/slice`)];
      yield constantStep(index, backwards[i] ? -1 - round : round, place.source);
      yield* spelledSteps(["Gather", [name, index], slice], { axis: axes[i] ?? 0 }, place);
      slices.push(slice);
    }
    const { steps, outputs } = bodySteps(body, scope, [...carried.now, ...slices], step, place);
    yield* steps;
    carried.advance(outputs);
  }
  place.resolved.push({ op: step.op, node: step.name, how: `it has ${rounds} rounds` });
  yield* carried.outputs(place, list("scan_output_axes"), list("scan_output_directions"));
}
