/** Distillation as `train` takes it: a teacher that fits model, data and loss. */
import type { Dataset } from "../data/dataset.ts";
import { EspalierError, UsageError } from "../error.ts";
import { aModel, aNumber, anObject, aSwitch, aText, maybe, wants } from "../given.ts";
import { checkWeights } from "../graph/finite.ts";
import { sameShape } from "../graph/tensor.ts";
import type { Graph, Model } from "../graph/types.ts";
import { named, say } from "../message.ts";
import { softLoss, type Teacher } from "../step/distill.ts";
import type { Normalization } from "../step/input.ts";
import { lossInput } from "../step/loss.ts";
import type { LossPlan, LossTerm } from "../step/plan.ts";
import { checkDynamicBatch, checkInputs, forSamples, inputPlans } from "./inputs.ts";
import { normalizationOf, recordsNormalization } from "./normalization.ts";
import { checkOperators } from "./operators.ts";

/**
 * Distillation: the loss is (1 − share)·given loss + share·T²·KL(softmax(teacher/T) ‖ softmax(student/T)) (Hinton, Vinyals & Dean
 * 2015); of a sigmoid's outputs the same of each number, of numbers to fit the mean squared error to the teacher's. Only training is
 * scored so: the test loss is the given one.
 */
export interface DistillOptions {
  /** A trained model of the same inputs and outputs, however it is built. It is frozen and runs in evaluation mode. */
  readonly teacher: Model;
  /** T > 0: the higher, the more the classes that are not the answer count. Default 4. */
  readonly temperature?: number;
  /** Of the teacher in the loss, in (0, 1]. Default 0.9. */
  readonly share?: number;
  /** The teacher's output that the student's is compared with. Default: the one of the student's output's name, else its first. */
  readonly output?: string;
  /**
   * Whether the teacher answers once for all training samples, before the first step, rather than in every step: cheaper where it is
   * run for several epochs. Its answers are kept in memory. Not where samples are varied. Default false.
   */
  readonly cache?: boolean;
}

/** @throws UsageError for options that are of the wrong kind or out of range */
export function checkDistill(given: DistillOptions): void {
  wants(
    "distill",
    ["distill", anObject, given],
    ["teacher", aModel, given, "teacher"],
    ["temperature", maybe(aNumber), given, "temperature"],
    ["share", maybe(aNumber), given, "share"],
    ["output", maybe(aText), given, "output"],
    ["cache", maybe(aSwitch), given, "cache"],
  );
  const { temperature = 4, share = 0.9 } = given;
  if (!(temperature > 0 && temperature < Infinity))
    throw new UsageError("out-of-range", say`${named("temperature")} of the distillation is out of range`, {
      got: temperature,
      wanted: "a number > 0",
    });
  if (!(share > 0 && share <= 1))
    throw new UsageError(
      "out-of-range",
      say`${named("share")} of the distillation is out of range`,
      { got: share, wanted: "a number in (0, 1]" },
      "leave distillation out for a loss of the labels alone",
    );
}

/** @throws UsageError where samples are not the same in every epoch */
export function checkCache({ augment }: { readonly augment: object | undefined }): void {
  if (!augment) return;
  throw new UsageError(
    "conflict",
    "answers of a teacher are kept of samples as they are, and these are varied",
    { augment: JSON.stringify(augment) },
    say`train without ${named("augment")}, or let the teacher answer in every step`,
  );
}

/**
 * The teacher as the training step has it.
 * @param normalization the student's, which a teacher has too that records none
 * @throws UsageError, EspalierError when it does not fit the student, the data or the loss
 */
export function teacherOf(
  { teacher: given, temperature = 4, share = 0.9, output }: DistillOptions,
  student: Model,
  data: Dataset,
  { terms, normalization }: Pick<LossPlan, "terms"> & { readonly normalization: Normalization | undefined },
): Teacher {
  return asTeacher(given, () => {
    const model = forSamples(given, data);
    checkInputs(model, data);
    checkDynamicBatch(model);
    checkOperators(model.graph, "shape");
    checkWeights(model.graph);
    const own = recordsNormalization(model) ? undefined : (normalization ?? null);
    return {
      model,
      inputs: inputPlans(model, data, normalizationOf(model, data, own)),
      outputs: terms.map((term) => fitting(term, student.graph, model.graph, terms.length === 1 ? output : undefined)),
      temperature,
      share,
    };
  });
}

/** What is wrong with a teacher is said to be the teacher's. */
function asTeacher<T>({ graph }: Model, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof EspalierError)) throw error;
    const Kind = error instanceof UsageError ? UsageError : EspalierError;
    throw new Kind(error.code, say`the teacher: ${error.what}`, { teacher: graph.name, ...error.details }, error.fix);
  }
}

/** The teacher's output for a term of the loss. */
function fitting(term: LossTerm, student: Graph, teacher: Graph, asked: string | undefined): string {
  const own = lossInput(student, term.loss, term.output).output;
  if (!softLoss(term.loss))
    throw new EspalierError(
      "unsupported",
      "a model that ends in its own loss has no output to compare",
      { output: own.name },
      "train with a loss of an output, or without distillation",
    );
  const name = asked ?? teacher.outputs.find((v) => v.name === own.name)?.name ?? teacher.outputs[0].name;
  const { output } = lossInput(teacher, term.loss, name);
  if (sameShape(output.shape.slice(1), own.shape.slice(1))) return name;
  throw new EspalierError(
    "mismatch",
    "its output is not of the shape of the student's",
    {
      output: name,
      got: `[N,${output.shape.slice(1)}]`,
      wanted: `[N,${own.shape.slice(1)}], as ${own.name} of the student`,
    },
    "take a teacher of the same classes, or name the output of it that is meant",
  );
}
