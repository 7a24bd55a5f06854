/**
 * The graphs that training runs, each an ordinary ONNX graph with explicit state:
 * - step, one per kind: batch + state + clock → loss + next state (forward, loss, backward, propose, prox, project, accept)
 * - accept: parameters + candidates that the host has moved + clock → next parameters
 * - init: parameters → optimizer slots, at the start and at a restart
 * - dual: slots + clock → the sparse point of an averaging optimizer
 * - evaluation: batch + parameters → loss
 */
import { backward } from "../autodiff/backward.ts";
import { invariant } from "../error.ts";
import { type Builder, builder } from "../graph/builder.ts";
import { check } from "../graph/check.ts";
import type { Graph, Value } from "../graph/types.ts";
import { prune } from "../graph/walk.ts";
import { type Optimizer, stepRule } from "../optim/optimizer.ts";
import type { BoundPenalty } from "../prox/penalty.ts";
import { forward } from "../step/forward.ts";
import { applyInput, type InputPlan } from "../step/input.ts";
import { type Loss, labelType, lossInput } from "../step/loss.ts";
import { parameters } from "../step/parameters.ts";
import type { PenaltyNumber } from "../step/penalty-clock.ts";
import type { Mask } from "../step/training-forms.ts";

export interface Plan {
  readonly input: InputPlan;
  readonly loss: Loss;
  /** The model's output that the loss attaches to; undefined = the first. */
  readonly output?: string;
  readonly optimizer: Optimizer;
  readonly penalty?: BoundPenalty;
}

/** What our own names begin with. A parameter whose name begins so is called otherwise inside a run. */
const RESERVED =
  /^(?:batch|param|slot|clock|mask|next|pattern|forward|backward|penalty|candidate|propose|prox|project|accept|init|dual)\/|^__/;

/** Names of graph inputs and outputs, and of the tensors of a checkpoint. No parameter's name collides with them. */
export const names = {
  x: "batch/x",
  y: "batch/y",
  loss: "batch/loss",
  correct: "batch/correct",
  /** The zero pattern of the last epoch. */
  pattern: "pattern/groups",
  /** A parameter or running statistic: its own name, as a rule. */
  param: (name: string) => (RESERVED.test(name) ? `param/${name}` : name),
  slot: (slot: string, param: string) => `slot/${slot}/${param}`,
  clock: (n: string) => `clock/${n}`,
  /** What of the penalty acts at this step. */
  penalty: (n: PenaltyNumber) => `penalty/${n}`,
  /** What the host moves between propose and accept. */
  candidate: (param: string) => `candidate/${param}`,
  next: (state: string) => `next/${state}`,
} as const;

export interface Step {
  readonly graph: Graph;
  readonly masks: readonly Mask[];
}

function finish(g: Builder): Graph {
  const graph = prune(g.build());
  const issues = check(graph);
  invariant(
    issues.length === 0,
    `a training graph is malformed: ${issues.map((i) => `${i.where}: ${i.what}`).join("; ")}`,
  );
  return graph;
}

const clockInputs = (g: Builder, optimizer: Optimizer): Record<string, Value> =>
  Object.fromEntries(optimizer.clock.numbers.map((n) => [n, g.input(names.clock(n), "float32", [])]));

const penaltyInput = (g: Builder, n: PenaltyNumber) => g.input(names.penalty(n), "float32", []);

const slotInputs = (g: Builder, optimizer: Optimizer, p: Value): Record<string, Value> =>
  Object.fromEntries(optimizer.slots.map((s) => [s, g.input(names.slot(s, p.name), p.dtype, p.shape)]));

/** Emits the batch, the model and the loss. */
function emitLoss(g: Builder, graph: Graph, plan: Plan, given: Map<Value, Value>, training: boolean) {
  const [input] = graph.inputs;
  const x = g.input(names.x, plan.input.dtype, [input.shape[0], ...plan.input.sample]);
  given.set(input, applyInput(g, x, plan.input, input));
  const fwd = forward(g, graph, given, training);
  const output = fwd.map.get(lossInput(graph, plan.loss, plan.output).output)!;
  const type = labelType(plan.loss, output);
  const y = g.input(names.y, type.dtype, type.shape);
  return { ...plan.loss.apply(g, output, y), ...fwd };
}

/** The joint proximal step: replaces the candidates of the parameters that the penalty changes. */
function applyPenalty(
  g: Builder,
  { optimizer, penalty }: Plan,
  candidates: Map<Value, Value>,
  metric: ReadonlyMap<Value, Value>,
): void {
  const [step, part] = [penaltyInput(g, "step"), penaltyInput(g, "part")];
  const moved = g.scope("prox", () =>
    optimizer.adaptive
      ? penalty!.proxInMetric!(g, candidates, metric, step, part)
      : penalty!.prox(g, candidates, step, part),
  );
  for (const [p, v] of moved) candidates.set(p, v);
}

/**
 * @param graph the model at the step's batch size
 * @param kind which of the optimizer's kinds of step; the ordinary one when absent
 */
export function stepProgram(graph: Graph, plan: Plan, kind?: string): Step {
  const g = builder("step");
  const { trained, running } = parameters(graph);
  const given = new Map([...trained, ...running].map((p) => [p, g.input(names.param(p.name), p.dtype, p.shape)]));
  const w = new Map(trained.map((p) => [p, given.get(p)!]));
  const { optimizer, penalty } = plan;
  const rule = stepRule(optimizer, kind);
  const clock = clockInputs(g, optimizer);

  const fwd = g.scope("forward", () => emitLoss(g, graph, plan, given, true));
  const scale = optimizer.gradientScale;
  const gradients = g.scope("backward", () => {
    const loss = scale === undefined ? fwd.loss : g.Mul(fwd.loss, clock[scale]);
    return backward(g, loss, [...w.values()], fwd.overrides);
  });
  if (penalty && rule.penaltyBy === "gradient") {
    const share = penaltyInput(g, "share");
    g.scope("penalty", () => {
      for (const [p, slope] of penalty.gradient!(g, w))
        gradients.set(w.get(p)!, g.Add(gradients.get(w.get(p)!)!, g.Mul(slope, share)));
    });
  }

  const candidates = new Map<Value, Value>();
  const metric = new Map<Value, Value>();
  const held = new Map(trained.map((p) => [p, slotInputs(g, optimizer, p)]));
  const slots = new Map<Value, Readonly<Record<string, Value>>>();
  g.scope("propose", () => {
    for (const [p, at] of w) {
      const next = rule.propose(g, { param: p, w: at, dw: gradients.get(at)!, slots: held.get(p)!, clock });
      candidates.set(p, next.candidate);
      slots.set(p, next.slots);
      if (next.metric) metric.set(p, next.metric);
    }
  });
  if (penalty && rule.penaltyBy !== "gradient") applyPenalty(g, plan, candidates, metric);
  if (rule.project) g.scope("project", () => rule.project!(g, { w, candidates, slots, clock }));
  for (const [p, next] of slots)
    for (const s of optimizer.slots)
      if (next[s] !== held.get(p)![s]) g.output(next[s], names.next(names.slot(s, p.name)));
  const onHost = new Set(penalty?.hostProx?.params);
  g.scope("accept", () => {
    for (const [p, candidate] of candidates)
      if (onHost.has(p)) g.output(candidate, names.candidate(p.name));
      else g.output(rule.accept(g, { w: w.get(p)!, candidate, clock }), names.next(names.param(p.name)));
  });
  for (const [v, next] of fwd.running) g.output(next, names.next(names.param(v.name)));
  g.output(fwd.loss, names.loss);
  if (fwd.correct) g.output(fwd.correct, names.correct);
  return { graph: finish(g), masks: fwd.masks };
}

/** What is left of a step after the host has moved its candidates. Only with a penalty that has a `hostProx`. */
export function acceptProgram({ optimizer, penalty }: Plan): Graph {
  const g = builder("accept");
  const clock = clockInputs(g, optimizer);
  for (const p of penalty!.hostProx!.params) {
    const w = g.input(names.param(p.name), p.dtype, p.shape);
    const candidate = g.input(names.candidate(p.name), p.dtype, p.shape);
    g.output(
      g.scope("accept", () => optimizer.accept(g, { w, candidate, clock })),
      names.next(names.param(p.name)),
    );
  }
  return finish(g);
}

export function initProgram(graph: Graph, optimizer: Optimizer): Graph {
  const g = builder("init");
  for (const p of parameters(graph).trained) {
    const w = g.input(names.param(p.name), p.dtype, p.shape);
    const slots = g.scope("init", () => optimizer.init(g, w, p));
    for (const s of optimizer.slots) g.output(slots[s], names.next(names.slot(s, p.name)));
    const start = g.scope("init", () => optimizer.start?.(g, { param: p, w, slots }) ?? w);
    if (start !== w) g.output(start, names.next(names.param(p.name)));
  }
  return finish(g);
}

/** Parameters inside the prox, by parameter name. Only for an optimizer that averages. */
export function dualProgram(graph: Graph, plan: Plan): Graph {
  const { optimizer, penalty } = plan;
  const g = builder("dual");
  const clock = clockInputs(g, optimizer);
  const points = new Map<Value, Value>();
  const metric = new Map<Value, Value>();
  for (const p of parameters(graph).trained) {
    const w = g.input(names.param(p.name), p.dtype, p.shape);
    const slots = slotInputs(g, optimizer, p);
    const dual = g.scope("dual", () => optimizer.dual!(g, { w, slots, clock }));
    points.set(p, dual.candidate);
    if (dual.metric) metric.set(p, dual.metric);
  }
  if (penalty) applyPenalty(g, plan, points, metric);
  for (const [p, v] of points) g.output(v, names.next(names.param(p.name)));
  return finish(g);
}

/** @param graph the model at the evaluation's batch size */
export function evaluationProgram(graph: Graph, plan: Pick<Plan, "input" | "loss" | "output">): Graph {
  const g = builder("evaluation");
  const { trained, running } = parameters(graph);
  const given = new Map([...trained, ...running].map((p) => [p, g.input(names.param(p.name), p.dtype, p.shape)]));
  const { loss, correct } = g.scope("forward", () => emitLoss(g, graph, plan as Plan, given, false));
  g.output(loss, names.loss);
  if (correct) g.output(correct, names.correct);
  return finish(g);
}
