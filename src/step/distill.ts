/**
 * Distillation (Hinton, Vinyals & Dean 2015, "Distilling the Knowledge in a Neural Network", section 2): a student is compared with
 * its labels and with what a trained teacher says of the same samples,
 *   L = (1 − α)·L_given + α·T²·mean KL(softmax(t/T) ‖ softmax(s/T)),
 * t and s the logits, T the temperature, α the share. The gradient of the soft term at the logits is T·(softmax(s/T) − softmax(t/T)):
 * T² keeps its size as T grows. Of sigmoids it is the same of each number's two outcomes; of numbers to fit it is mean (s − t)².
 */
import { atBatch } from "../graph/bind.ts";
import type { Builder } from "../graph/builder.ts";
import { tensor } from "../graph/tensor.ts";
import type { Model, Value } from "../graph/types.ts";
import { forward } from "./forward.ts";
import { applyInput, type InputPlan } from "./input.ts";
import { arrangedAs, axisOfClasses, type Loss, lossInput } from "./loss.ts";
import type { LossTerm } from "./plan.ts";

/** Whom the outputs of a model are compared with, beside the labels. */
export interface Teacher {
  /** Frozen, in evaluation mode. */
  readonly model: Model;
  /** What it makes of the samples that the student sees, in the order of its inputs. */
  readonly inputs: readonly InputPlan[];
  /** Its output for each term of the loss. */
  readonly outputs: readonly string[];
  /** T. */
  readonly temperature: number;
  /** α. */
  readonly share: number;
}

/** What a soft loss compares, over the samples of a batch. */
interface Compared {
  readonly student: Value;
  /** Of the student's shape. */
  readonly teacher: Value;
  readonly temperature: number;
  /** Of classes: class indices, and by how many the sum over those that count is divided (labels of places). */
  readonly labels?: Value;
  readonly known?: Value;
  readonly classAxis?: number;
}
type Soft = (g: Builder, of: Compared) => Value;

/** T²·KL(softmax(t/T) ‖ softmax(s/T)), mean over samples or over the places whose label counts. */
const ofClasses: Soft = (g, { student, teacher, temperature, labels, known: given, classAxis }) => {
  const axis = axisOfClasses(student, labels!.shape, classAxis);
  const [t, s] = [teacher, student].map((v) => g.Mul(v, 1 / temperature));
  const gap = g.Sub(g.LogSoftmax(t, { axis }), g.LogSoftmax(s, { axis }));
  const each = g.Mul(g.Softmax(t, { axis }), gap);
  const square = temperature * temperature;
  if (student.shape.length === 2) return g.Mul(g.ReduceSum(each, { keepdims: 0 }), square / student.shape[0]);
  const known = g.Cast(g.Less(g.constant(tensor("int32", [], Int32Array.of(-1))), labels!), { to: "float32" });
  const number = given ?? g.Max([g.ReduceSum(known, { keepdims: 0 }), g.scalar(1)]);
  const counted = g.ReduceSum(g.Mul(each, g.Unsqueeze(known, { axes: [axis] })), { keepdims: 0 });
  return g.Div(g.Mul(counted, square), number);
};

/** The same of sigmoids, mean over all numbers: with p = σ(t/T), softplus(s) − p·s − (softplus(t) − p·t), s and t divided by T. */
const ofSigmoids: Soft = (g, { student, teacher, temperature }) => {
  const [t, s] = [teacher, student].map((v) => g.Mul(v, 1 / temperature));
  const softplus = (x: Value) => g.Add(g.Relu(x), g.Log(g.Add(g.Exp(g.Neg(g.Abs(x))), 1)));
  const gap = g.Sub(g.Sub(softplus(s), softplus(t)), g.Mul(g.Sigmoid(t), g.Sub(s, t)));
  return g.Mul(g.ReduceMean(gap, { keepdims: 0 }), temperature * temperature);
};

/** Mean squared error to the teacher's numbers, which have no temperature. */
const ofNumbers: Soft = (g, { student, teacher }) => {
  const gap = g.Sub(student, teacher);
  return g.ReduceMean(g.Mul(gap, gap), { keepdims: 0 });
};

/** How an output that has this loss is compared with a teacher's; undefined where there is nothing to compare. */
export function softLoss({ labels, takes }: Loss): Soft | undefined {
  if (labels === "none") return undefined;
  if (labels === "class") return ofClasses;
  return takes === "sigmoid" ? ofSigmoids : ofNumbers;
}

/**
 * Emits the teacher's output for each term of the loss, as logits where the loss takes them.
 * @param batch samples in it
 * @param raw what stands for an array of the batch
 */
export function emitTeacher(
  g: Builder,
  { model, inputs, outputs }: Teacher,
  terms: readonly LossTerm[],
  batch: number,
  raw: (plan: InputPlan) => Value,
): Value[] {
  return g.scope("teacher", () => {
    const graph = atBatch(model, batch);
    const given = inputs.map((one): [Value, Value] => {
      const input = graph.inputs.find((v) => v.name === one.input) ?? graph.inputs[0];
      return [input, applyInput(g, raw(one), one, input)];
    });
    const { map } = forward(g, graph, new Map(given), "evaluation");
    return terms.map(({ loss }, i) => {
      const { output, from } = lossInput(graph, loss, outputs[i]);
      return arrangedAs(g, map.get(from)!, output);
    });
  });
}

/** A term's loss with the teacher's part of it. @param student the output as the loss takes it */
export function distilled(
  g: Builder,
  { loss: of }: LossTerm,
  given: Value,
  { share, ...compared }: Compared & Pick<Teacher, "share">,
): Value {
  const { classAxis } = of.options as { classAxis?: number };
  const soft = softLoss(of)!(g, { ...compared, classAxis });
  return g.Add(g.Mul(given, 1 - share), g.Mul(soft, share));
}
