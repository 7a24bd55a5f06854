/** What a teacher says of all training samples, computed once: cheaper than its graph in every step, where samples do not vary. */
import { MIXED } from "../data/augment/mixup.ts";
import { batches } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import { sampleSize } from "../data/source.ts";
import type { Split } from "../data/split.ts";
import { type Engine, take, withUploaded } from "../engine/engine.ts";
import { EspalierError } from "../error.ts";
import { builder } from "../graph/builder.ts";
import { size } from "../graph/tensor.ts";
import type { Model } from "../graph/types.ts";
import { arraysOf } from "../step/differentiate.ts";
import { emitTeacher, type Teacher } from "../step/distill.ts";
import { program } from "../step/frame.ts";
import type { InputPlan } from "../step/input.ts";
import { lossInput } from "../step/loss.ts";
import type { LossTerm } from "../step/plan.ts";
import { batchFeeds } from "./feeds.ts";
import type { Resolved } from "./options.ts";
import { Sessions } from "./sessions.ts";

/** Bytes of answers that are kept. */
const MOST = 2 ** 30;
const BATCH = 250;

/** The array of a batch that holds the answers for a term of the loss, and how an output is called in a program. */
const columnOf = (term: number): string => `teacher/${term}`;

/** A teacher that gives back what stands in the batch, in the place of one that computes it. */
function recalling(teacher: Teacher, terms: readonly LossTerm[]): Teacher {
  const g = builder("answers");
  const shapes = terms.map(({ loss }, i) =>
    lossInput(teacher.model.graph, loss, teacher.outputs[i]).output.shape.slice(1),
  );
  const outputs = shapes.map((shape, i) => {
    g.output(g.Identity(g.input(columnOf(i), "float32", [1, ...shape])), `says/${i}`);
    return `says/${i}`;
  });
  const dims = new Map(shapes.map((shape, i) => [columnOf(i), ["batch", ...shape]]));
  const model: Model = { graph: g.build(), opset: 17, dims, metadata: new Map() };
  const inputs = shapes.map(
    (sample, i): InputPlan => ({ input: columnOf(i), more: columnOf(i), dtype: "float32", sample }),
  );
  return { ...teacher, model, inputs, outputs };
}

/**
 * The samples with the teacher's answers among their arrays.
 * @throws EspalierError when these would be too large
 */
async function withAnswers(split: Split, teacher: Teacher, terms: readonly LossTerm[], engine: Engine): Promise<Split> {
  const widths = recalling(teacher, terms).inputs.map(({ sample }) => size(sample));
  const bytes = 4 * split.count * widths.reduce((a, b) => a + b, 0);
  if (bytes > MOST)
    throw new EspalierError(
      "too-large",
      "the teacher's answers to all training samples are too large to keep",
      { got: `${bytes} bytes`, wanted: `at most ${MOST}` },
      "let the teacher answer in every step: leave the cache out",
    );
  const answers = widths.map((width) => new Float32Array(split.count * width));
  const sessions = new Sessions(engine, { answers: (n: number) => answering(teacher, terms, n) });
  let at = 0;
  try {
    const plan = { shape: [sampleSize(split)], batchSize: BATCH, seed: 0, shuffle: false };
    for await (const batch of batches(split, plan)) {
      const { session } = await sessions.get("answers", batch.count);
      const out = await withUploaded(engine, batchFeeds(batch, teacher.inputs, []), (feeds) => session.run(feeds));
      for (const [i, width] of widths.entries())
        answers[i].set((await take(engine, out[columnOf(i)])).data as Float32Array, at * width);
      at += batch.count;
    }
  } finally {
    await sessions.release();
  }
  const said = Object.fromEntries(answers.map((of, i) => [columnOf(i), of]));
  return { ...split, more: { ...split.more, ...said } };
}

/** Batch → answers. */
const answering = (teacher: Teacher, terms: readonly LossTerm[], n: number) =>
  program("answers", (g) => {
    const raw = arraysOf(g, n);
    emitTeacher(g, teacher, terms, n, raw).forEach((v, i) => void g.output(g.Identity(v), columnOf(i)));
  });

/** The options with the teacher and the labels that a step has. */
export const inStep = (options: Resolved): Resolved => {
  const { teacher, distill, terms, augment } = options;
  const blended = terms.map((term) =>
    augment?.mixup && term.loss.labels === "class" ? { ...term, mixed: MIXED } : term,
  );
  return { ...options, terms: blended, ...(teacher && distill?.cache && { teacher: recalling(teacher, terms) }) };
};

/** The training samples as a step takes them. */
export const samplesOf = async ({ train }: Dataset, { teacher, terms, distill, engine }: Resolved): Promise<Split> =>
  teacher && distill?.cache ? withAnswers(train, teacher, terms, engine) : train;
