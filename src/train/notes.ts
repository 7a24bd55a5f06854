/** What the user should know of a run before it starts. */
import { classNotes } from "../data/check.ts";
import { columnsNote } from "../data/columns.ts";
import type { Dataset } from "../data/dataset.ts";
import { untrainedNote } from "../graph/precision.ts";
import type { Graph, Model } from "../graph/types.ts";
import type { Words } from "../message.ts";
import { readingNotes } from "../onnx/notes.ts";
import { lossInput } from "../step/loss.ts";
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
}

const OF_ONE_SAMPLE =
  "the file is of one sample; it is trained with several at once, after a trial that they stay apart, and written of one sample";

/** How the file was read, what is trained and what not, what the labels are: in this order. */
export function runNotes({ model, graph, stays, data }: Taken, { terms }: Resolved): readonly Words[] {
  const attached = terms.map((term) => ({ term, ...lossInput(graph, term.loss, term.output) }));
  const ofClasses = attached.find(({ term }) => term.loss.labels === "class" && term.more === undefined);
  const shape = data.labelShape ?? [];
  const outputs = ofClasses && outputsFor(ofClasses.term.loss, { classes: data.classes, shape }, ofClasses.output);
  const unused = [...leftOut(model, data), ...unusedLabels(data, terms)];
  return [
    ...(data.input === undefined ? [] : [columnsNote(data)]),
    ...readingNotes(model),
    ...(isRebatched(model) ? [OF_ONE_SAMPLE] : []),
    ...[...attached.map(({ note }) => note), untrainedNote(graph), constantsNote(stays)].filter((n) => n !== undefined),
    ...(unused.length > 0 ? [`of the data ${unused.join(", ")} ${unused.length > 1 ? "are" : "is"} not used`] : []),
    ...(ofClasses ? classNotes(data, outputs) : []),
  ];
}
