/** What the user should know of a run before it starts. */
import { classNotes } from "../data/check.ts";
import { columnsNote } from "../data/columns.ts";
import type { Dataset } from "../data/dataset.ts";
import { byLength, type SamplePlaces } from "../data/places.ts";
import { untrainedNote } from "../graph/precision.ts";
import type { Graph, Model } from "../graph/types.ts";
import { option, say, type Words } from "../message.ts";
import { hasGivenWeights, replacedHead } from "../onnx/given-weights.ts";
import { readingNotes } from "../onnx/notes.ts";
import type { Teacher } from "../step/distill.ts";
import { lossInput } from "../step/loss.ts";
import type { StepPlan } from "../step/plan.ts";
import { constantsNote, type Stays } from "./freeze.ts";
import { leftOut } from "./inputs.ts";
import type { Resolved } from "./options.ts";
import { isRebatched } from "./samples-apart.ts";
import { outputsFor, unusedLabels } from "./terms.ts";

/** A model as a run takes it. */
interface Taken {
  readonly model: Model;
  /** Without what stays as it is. */
  readonly graph: Graph;
  readonly stays: Stays;
  readonly data: Dataset;
  /** Of an epoch. */
  readonly steps: number;
}

const OF_ONE_SAMPLE =
  "the file is of one sample; it is trained with several at once, after a trial that they stay apart, and written of one sample";

const teacherNote = ({ model, share, temperature }: Teacher): string =>
  `the training loss is ${percent(share)} what the teacher ${model.graph.name} says (temperature ${temperature})${share < 1 ? ` and ${percent(1 - share)} the labels` : ""}; the test loss is the labels' alone`;
const percent = (share: number): string => `${Number((share * 100).toPrecision(4))} %`;

/** The lengths of batches, and how much of them is filling. */
function placesNote(places: SamplePlaces, { train }: Dataset): string {
  const { lengths } = places;
  const filled = byLength(train, places, undefined, new Array<number>(train.count).fill(1));
  const all = filled.batches.reduce((sum, { length }) => sum + length, 0);
  const real = train.lengths?.reduce((a, b) => a + b, 0) ?? all;
  return `samples are filled up to ${lengths.join(", ")} places, ${percent(Math.round(1000 * (1 - real / all)) / 1000)} of which is filling`;
}

const tooMany = (classes: number): Words =>
  say`${option("newHead")} gives the model a classifier of ${classes} classes, with new weights`;

/** How the file was read, what is trained and what not, what the labels are, what of the settings is odd: in this order. */
export function runNotes(
  { model, graph, stays, data, steps }: Taken,
  { terms, teacher, places, assumed, schedule, epochs }: Resolved,
  { optimizer, penalty }: StepPlan,
): readonly Words[] {
  const attached = terms.map((term) => ({ term, ...lossInput(graph, term.loss, term.output) }));
  const ofClasses = attached.find(({ term }) => term.loss.labels === "class" && term.more === undefined);
  const shape = data.labelShape ?? [];
  const outputs = ofClasses && outputsFor(ofClasses.term.loss, { classes: data.classes, shape }, ofClasses.output);
  const head = replacedHead(model);
  const unused = [...leftOut(model, data), ...unusedLabels(data, terms)];
  return [
    ...(data.input === undefined ? [] : [columnsNote(data)]),
    ...(data.notes ?? []),
    ...readingNotes(model),
    ...(head
      ? [`the classifier ${head.weight} has new weights, for ${head.after} classes instead of ${head.before}`]
      : []),
    ...(isRebatched(model) ? [OF_ONE_SAMPLE] : []),
    ...(assumed === undefined ? [] : [assumed]),
    ...[...attached.map(({ note }) => note), untrainedNote(graph), constantsNote(stays)].filter((n) => n !== undefined),
    ...(teacher ? [teacherNote(teacher)] : []),
    ...(places ? [placesNote(places, data)] : []),
    ...(unused.length > 0 ? [`of the data ${unused.join(", ")} ${unused.length > 1 ? "are" : "is"} not used`] : []),
    ...(ofClasses ? classNotes(data, outputs) : []),
    ...(outputs && data.classes && outputs > data.classes && hasGivenWeights(model) ? [tooMany(data.classes)] : []),
    ...(penalty?.notes ?? []),
    ...(optimizer.warnings?.(schedule, epochs, steps) ?? []),
  ];
}
