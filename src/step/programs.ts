/**
 * The graphs that training runs, each an ordinary ONNX graph with explicit state, composed of the same passes:
 *   forward · loss · backward │ propose · prox · project · accept
 * A step is all of them in one graph. Cut at │ it is two: `gradients` once per part of a batch, `add` between the parts, `update`
 * once. The state goes in by name and comes out as `next/…`; what changes from step to step and is no tensor, as numbers.
 */
import { aGraph, aList, anObject, anOptimizer, wants } from "../given.ts";
import { flushed } from "../graph/emit.ts";
import type { Graph, Model, Value } from "../graph/types.ts";
import { atLength, graphAt } from "./at-length.ts";
import { differentiate, emitLoss, emitReport } from "./differentiate.ts";
import type { Exchange } from "./exchange.ts";
import { clockInputs, type Program, paramInputs, penaltyInput, program, slotInputs } from "./frame.ts";
import type { InputPlan } from "./input.ts";
import { names } from "./names.ts";
import { parameters } from "./parameters.ts";
import type { LossPlan, StepPlan } from "./plan.ts";
import { stages } from "./stages.ts";
import { statisticsPrograms } from "./statistics.ts";
import { penaltyProx, update } from "./update.ts";

/** Batch + state + clock → loss + next state. @param graph the model at the batch's size */
export function stepProgram(graph: Graph, plan: StepPlan, kind?: string): Program {
  wants(
    "stepProgram",
    ["graph", aGraph, graph],
    ["plan", anObject, plan],
    ["optimizer", anOptimizer, plan, "optimizer"],
    ["inputs", aList, plan, "inputs"],
    ["terms", aList, plan, "terms"],
  );
  return program("step", (g, masks) => {
    const { trained, running } = parameters(graph);
    const given = paramInputs(g, [...trained, ...running]);
    const w = new Map(trained.map((p) => [p, given.get(p)!]));
    const frame = { g, plan, kind, w, clock: clockInputs(g, plan.optimizer.clock.numbers) };
    const scored = emitLoss(g, graph, plan, given, "training");
    update(frame, differentiate(frame, scored));
    emitReport(g, scored);
    masks.push(...scored.masks);
  });
}

/**
 * Batch + parameters → loss + gradients, of a part of a batch: times its share of the samples.
 * @param graph the model at the part's size
 * @param exchanges takes up where ranks exchange statistics, of a program that normalizes by the samples of all
 */
const gradientsProgram = (graph: Graph, plan: StepPlan, exchanges?: Exchange[]): Program =>
  program("gradients", (g, masks) => {
    const { trained, running } = parameters(graph);
    const given = paramInputs(g, [...trained, ...running]);
    const w = new Map(trained.map((p) => [p, given.get(p)!]));
    const { gradientScale } = plan.optimizer;
    const frame = { g, plan, w, clock: clockInputs(g, gradientScale === undefined ? [] : [gradientScale]) };
    const scored = emitLoss(g, graph, plan, given, exchanges ? "synchronized" : "training");
    const gradients = differentiate(frame, scored, g.input(names.weight, "float32", []));
    exchanges?.push(...scored.exchanges);
    for (const [p, dw] of gradients) g.output(dw, names.next(names.gradient(p.name)));
    emitReport(g, scored);
    masks.push(...scored.masks);
  });

/** The same cut where ranks exchange statistics, as programs that run one after the other. */
function stagedGradients(graph: Graph, plan: StepPlan): Program[] {
  const exchanges: Exchange[] = [];
  const { graph: whole, ...told } = gradientsProgram(graph, plan, exchanges);
  const all = stages(whole, exchanges);
  return all.map((one) => ({ ...told, graph: one.graph, stage: { of: all.length, exchanges: one.exchanges } }));
}

/** Gradients + further gradients → their sum. */
const addProgram = (graph: Graph): Program =>
  program("add", (g) => {
    for (const { name, dtype, shape } of parameters(graph).trained) {
      const sum = g.input(names.gradient(name), dtype, shape);
      const more = g.input(names.next(names.gradient(name)), dtype, shape);
      g.output(g.Add(sum, more), names.sum(name));
    }
  });

/** Gradients + state + clock → next state. */
const updateProgram = (graph: Graph, plan: StepPlan, kind?: string): Program =>
  program("update", (g) => {
    const { trained } = parameters(graph);
    const frame = { g, plan, kind, w: paramInputs(g, trained), clock: clockInputs(g, plan.optimizer.clock.numbers) };
    update(frame, new Map(trained.map((p) => [p, g.input(names.gradient(p.name), p.dtype, p.shape)])));
  });

/** Gradients + parameters → those that the penalty acts on, behind one proximal step along the gradients. Only with a penalty. */
const foreseenProgram = (graph: Graph, { penalty }: StepPlan): Program =>
  program("foreseen", (g) => {
    const rate = g.input(names.weight, "float32", []);
    const [step, part] = [penaltyInput(g, "step"), penaltyInput(g, "part")];
    const candidates = new Map<Value, Value>();
    for (const [p, w] of paramInputs(g, parameters(graph).trained)) {
      const dw = g.input(names.gradient(p.name), p.dtype, p.shape);
      candidates.set(p, g.Sub(w, g.Mul(dw, rate)));
    }
    for (const [p, moved] of penalty!.prox(g, candidates, step, part)) g.output(moved, names.next(names.param(p.name)));
  });

/** Candidates + bases → candidates behind the prox + next bases. Only with a penalty whose prox is tracked. */
const trackProgram = ({ penalty }: StepPlan): Program =>
  program("track", (g) => {
    const step = penaltyInput(g, "step");
    for (const { param, shape, basis, emit } of penalty!.hostProx!.tracked!) {
      const { name } = param;
      const w = g.input(names.candidate(name), "float32", shape);
      const q = g.input(names.basis(name), "float32", basis);
      const next = g.scope("track", () => emit(g, w, q, step));
      g.output(next.basis, names.next(names.basis(name)));
      g.output(next.moved, names.moved(name));
      g.output(next.rank, names.rank(name));
      g.output(next.residual, names.residual(name));
    }
  });

/** What is left of a step after the host has moved its candidates. Only with a penalty that has a `hostProx`. */
const acceptProgram = ({ optimizer, penalty }: StepPlan): Program =>
  program("accept", (g) => {
    const clock = clockInputs(g, optimizer.clock.numbers);
    for (const p of penalty!.hostProx!.params) {
      const w = g.input(names.param(p.name), p.dtype, p.shape);
      const candidate = g.input(names.candidate(p.name), p.dtype, p.shape);
      const next = g.scope("accept", () => optimizer.accept(g, { w, candidate, clock }));
      g.output(next, names.next(names.param(p.name)));
    }
  });

/**
 * Parameters → the same, but 0 where they are next to nothing: weights on their way to zero get there, which W ← (1−c)·W never does.
 * Only for an optimizer that averages, every few steps.
 */
const flushProgram = (graph: Graph): Program =>
  program("flush", (g) => {
    for (const [p, w] of paramInputs(g, parameters(graph).trained))
      g.output(flushed(g, w), names.next(names.param(p.name)));
  });

/** Parameters → slots, at the start and at a restart; and the parameters that an optimizer begins from, where it moves them. */
const initProgram = (graph: Graph, { optimizer }: StepPlan): Program =>
  program("init", (g) => {
    for (const [p, w] of paramInputs(g, parameters(graph).trained)) {
      const slots = g.scope("init", () => optimizer.init(g, w, p));
      for (const s of optimizer.slots) g.output(slots[s], names.next(names.slot(s, p.name)));
      const start = g.scope("init", () => optimizer.start?.(g, { param: p, w, slots }) ?? w);
      if (start !== w) g.output(start, names.next(names.param(p.name)));
    }
  });

/** Slots + clock → parameters at the sparse point. Only for an optimizer that averages. */
const dualProgram = (graph: Graph, plan: StepPlan): Program =>
  program("dual", (g) => {
    const { optimizer, penalty } = plan;
    const clock = clockInputs(g, optimizer.clock.numbers);
    const points = new Map<Value, Value>();
    const metric = new Map<Value, Value>();
    for (const p of parameters(graph).trained) {
      const w = g.input(names.param(p.name), p.dtype, p.shape);
      const slots = slotInputs(g, optimizer, p);
      const dual = g.scope("dual", () => optimizer.dual!(g, { w, slots, clock }));
      points.set(p, dual.candidate);
      if (dual.metric) metric.set(p, dual.metric);
    }
    if (penalty) for (const [p, moved] of penaltyProx(g, plan, points, metric)) points.set(p, moved);
    for (const [p, v] of points) g.output(v, names.next(names.param(p.name)));
  });

/** Batch + parameters → loss, in evaluation mode. @param graph the model at the batch's size */
const evaluationProgram = (graph: Graph, plan: LossPlan): Program =>
  program("evaluation", (g) => {
    const { trained, running } = parameters(graph);
    emitReport(g, emitLoss(g, graph, plan, paramInputs(g, [...trained, ...running]), "evaluation"));
  });

/** Evaluation at any batch size and length of samples, for inputs as a split has them. */
export const evaluationPrograms = (model: Model, plan: LossPlan) => ({
  evaluation: (n: number, inputs: readonly InputPlan[], length?: number) =>
    evaluationProgram(graphAt(model, plan, n, length), { ...atLength(plan, length), inputs }),
});

export type EvaluationPrograms = ReturnType<typeof evaluationPrograms>;

/** Everything that a trainer of this model runs, each program built when it is asked for. */
export const trainingPrograms = (model: Model, plan: StepPlan) => ({
  stage: stagesOf((n, length) => stagedGradients(graphAt(model, plan, n, length), atLength(plan, length))),
  ...evaluationPrograms(model, plan),
  ...statisticsPrograms(model, plan.inputs),
  step: (n: number, kind?: string, length?: number) =>
    stepProgram(graphAt(model, plan, n, length), atLength(plan, length), kind),
  gradients: (n: number, length?: number) => gradientsProgram(graphAt(model, plan, n, length), atLength(plan, length)),
  add: () => addProgram(model.graph),
  update: (kind?: string) => updateProgram(model.graph, plan, kind),
  foreseen: () => foreseenProgram(model.graph, plan),
  track: () => trackProgram(plan),
  accept: () => acceptProgram(plan),
  flush: () => flushProgram(model.graph),
  init: () => initProgram(model.graph, plan),
  dual: () => dualProgram(model.graph, plan),
});
export type TrainingPrograms = ReturnType<typeof trainingPrograms>;

/** One of the programs that a size has, which are built together. */
function stagesOf(build: (n: number, length?: number) => Program[]) {
  const built = new Map<string, Program[]>();
  return (n: number, stage: number, length?: number): Program => {
    const key = `${n} ${length}`;
    const all = built.get(key) ?? build(n, length);
    built.set(key, all);
    return all[stage];
  };
}
