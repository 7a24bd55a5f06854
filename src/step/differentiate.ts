/** The passes before the cut: batch and parameters → loss, and its gradients. */
import { backward } from "../autodiff/backward.ts";
import type { Builder } from "../graph/builder.ts";
import type { Graph, Value } from "../graph/types.ts";
import { distilled, emitTeacher, type Teacher } from "./distill.ts";
import { type Forward, forward } from "./forward.ts";
import type { Frame } from "./frame.ts";
import { applyInput, type InputPlan } from "./input.ts";
import { arrangedAs, type Loss, labelPlan, lossInput } from "./loss.ts";
import { names } from "./names.ts";
import type { LossPlan, LossTerm } from "./plan.ts";
import type { Mode } from "./training-forms.ts";

/** The model's forward pass, and the loss of the batch. */
export interface Scored extends Forward {
  /** Mean over the batch. */
  readonly loss: Value;
  /** Correct answers in the batch, where labels are classes. */
  readonly correct?: Value;
}

/** The inputs that a batch's arrays travel by: one for each array, however many read it. */
export function arraysOf(g: Builder, batch: number): (of: InputPlan) => Value {
  const arrays = new Map<string, Value>();
  return ({ more, dtype, sample }) => {
    const name = more === undefined ? names.x : names.more(more);
    const array = arrays.get(name) ?? g.input(name, dtype, [batch, ...sample]);
    arrays.set(name, array);
    return array;
  };
}

/**
 * The batch and the model.
 * @param given what stands for parameters and running statistics
 * @param raw the batch's arrays as they travel
 */
export function emitForward(
  g: Builder,
  graph: Graph,
  plans: LossPlan["inputs"],
  given: ReadonlyMap<Value, Value>,
  mode: Mode,
  raw = arraysOf(g, graph.inputs[0].shape[0]),
): Forward {
  const inputs = plans.map((one): [Value, Value] => {
    const input = graph.inputs.find((v) => v.name === one.input) ?? graph.inputs[0];
    return [input, applyInput(g, raw(one), one, input)];
  });
  return forward(g, graph, new Map([...given, ...inputs]), mode);
}

/**
 * The batch, the model and the loss.
 * @param graph the model at the batch's size
 * @param given what stands for parameters and running statistics
 * @param mode in training the teacher speaks too
 */
export function emitLoss(
  g: Builder,
  graph: Graph,
  plan: LossPlan,
  given: ReadonlyMap<Value, Value>,
  mode: Mode,
): Scored {
  return g.scope("forward", () => {
    const batch = graph.inputs[0].shape[0];
    const raw = arraysOf(g, batch);
    const fwd = emitForward(g, graph, plan.inputs, given, mode, raw);
    const teacher = mode === "evaluation" ? undefined : plan.teacher;
    const taught = teacher && emitTeacher(g, teacher, plan.terms, batch, raw);
    const terms = plan.terms.map((term, i) =>
      emitTerm(
        g,
        graph,
        mode === "evaluation" ? { ...term, mixed: undefined } : term,
        fwd,
        batch,
        teacher && { ...teacher, says: taught![i] },
      ),
    );
    const loss = terms.map((t) => t.loss).reduce((sum, t) => g.Add(sum, t));
    return { loss, correct: terms.find((t) => t.correct)?.correct, ...fwd };
  });
}

/** One term of the loss, times its weight. */
function emitTerm(
  g: Builder,
  graph: Graph,
  term: LossTerm,
  { map }: Forward,
  batch: number,
  teacher?: Pick<Teacher, "temperature" | "share"> & { readonly says: Value },
): ReturnType<Loss["apply"]> {
  const { output, from } = lossInput(graph, term.loss, term.output);
  const plan = labelPlan(term, output);
  const name = term.more === undefined ? names.y : names.more(term.more);
  const y = plan && g.input(name, plan.dtype, [batch, ...plan.sample]);
  const known = plan?.ofPlaces ? g.input(names.known(term.more), "float32", []) : undefined;
  const student = arrangedAs(g, map.get(from)!, output);
  const { loss: given, correct } = term.mixed
    ? emitMixed(g, batch, term.mixed, (labels) => term.loss.apply(g, student, labels, known), y!)
    : term.loss.apply(g, student, y!, known);
  const compared = teacher && { ...teacher, student, teacher: teacher.says, labels: y, known };
  const loss = compared ? distilled(g, term, given, compared) : given;
  return { loss: (term.weight ?? 1) === 1 ? loss : g.Mul(loss, term.weight!), correct };
}

/** Mixup's loss, λ·L(y) + (1 − λ)·L(y'), and the correct answers alike. */
function emitMixed(
  g: Builder,
  batch: number,
  { partner, share }: NonNullable<LossTerm["mixed"]>,
  scored: (labels: Value) => ReturnType<Loss["apply"]>,
  y: Value,
): ReturnType<Loss["apply"]> {
  const lambda = g.ReduceMax(g.input(names.more(share), "float32", [batch]), { keepdims: 0 }); // all are the same
  const [own, other] = [scored(y), scored(g.input(names.more(partner), "int32", [batch]))];
  const blend = (a: Value, b: Value) => g.Add(g.Mul(lambda, a), g.Mul(g.Sub(1, lambda), b));
  return {
    loss: blend(own.loss, other.loss),
    ...(own.correct && other.correct && { correct: blend(own.correct, other.correct) }),
  };
}

/**
 * The gradient of the loss at each parameter, times the clock's number that the optimizer wants it multiplied by: the loss is
 * scaled, which costs nothing.
 * @param weight multiplies it as well
 */
export function differentiate({ g, plan, w, clock }: Frame, scored: Scored, weight?: Value): Map<Value, Value> {
  return g.scope("backward", () => {
    const { gradientScale } = plan.optimizer;
    const scaled = gradientScale === undefined ? scored.loss : g.Mul(scored.loss, clock[gradientScale]);
    const loss = weight ? g.Mul(scaled, weight) : scaled;
    const gradients = backward(g, loss, [...w.values()], scored.overrides);
    return new Map([...w].map(([p, at]) => [p, gradients.get(at)!]));
  });
}

/** What a batch's passes say beside gradients: the loss, the correct answers, the next running statistics. */
export function emitReport(g: Builder, { running, loss, correct }: Scored): void {
  for (const [v, next] of running) g.output(next, names.next(names.param(v.name)));
  g.output(loss, names.loss);
  if (correct) g.output(correct, names.correct);
}
