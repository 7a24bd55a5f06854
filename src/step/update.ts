/** The passes behind the cut: gradients, state and clock → the next state. */
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import { stepRule } from "../optim/optimizer.ts";
import { byMember, ofMembers, type Unit, unitsOf } from "./bundle.ts";
import { type Frame, penaltyInput, slotInputs } from "./frame.ts";
import { names } from "./names.ts";
import type { StepPlan } from "./plan.ts";

/** What becomes of parameters and slots, pass by pass. */
interface Proposal {
  readonly units: readonly Stepped[];
  readonly candidates: Map<Value, Value>;
  /** The diagonal metric of the prox, of an adaptive optimizer. */
  readonly metric: ReadonlyMap<Value, Value>;
  /** The slots as the step finds them, and as it leaves them. */
  readonly held: ReadonlyMap<Value, Slots>;
  readonly slots: Map<Value, Slots>;
}
type Slots = Readonly<Record<string, Value>>;

/** What is stepped at once. */
interface Stepped extends Unit {
  readonly w: Value;
  /** Before the prox, together and member by member. */
  readonly candidate: Value;
  readonly parts: readonly Value[];
}

/**
 * Emits propose, prox, project and accept, and declares the next parameters and slots. A parameter whose prox runs on the host
 * leaves as its candidate: `accept` is a program of its own then.
 * @returns the candidates behind the prox
 */
export function update(at: Frame, gradients: ReadonlyMap<Value, Value>): ReadonlyMap<Value, Value> {
  const proposal = propose(at, withPenalty(at, gradients));
  prox(at, proposal);
  project(at, proposal);
  accept(at, proposal);
  return proposal.candidates;
}

/** The gradients with the penalty's, where the step takes it by its gradient. */
function withPenalty({ g, plan, kind, w }: Frame, gradients: ReadonlyMap<Value, Value>): ReadonlyMap<Value, Value> {
  if (!plan.penalty || stepRule(plan.optimizer, kind).penaltyBy !== "gradient") return gradients;
  const share = penaltyInput(g, "share");
  return g.scope("penalty", () => {
    const sums = new Map(gradients);
    for (const [p, slope] of plan.penalty!.gradient!(g, w)) sums.set(p, g.Add(sums.get(p)!, g.Mul(slope, share)));
    return sums;
  });
}

function propose({ g, plan, kind, w, clock }: Frame, gradients: ReadonlyMap<Value, Value>): Proposal {
  const { optimizer } = plan;
  const rule = stepRule(optimizer, kind);
  const held = new Map([...w.keys()].map((p) => [p, slotInputs(g, optimizer, p)]));
  const candidates = new Map<Value, Value>();
  const metric = new Map<Value, Value>();
  const slots = new Map<Value, Slots>();
  const units = g.scope("propose", () =>
    unitsOf([...w.keys()], optimizer, rule).map((unit): Stepped => {
      const now = ofMembers(g, unit, (p) => w.get(p)!);
      const dw = ofMembers(g, unit, (p) => gradients.get(p)!);
      const before = ofEach(optimizer.slots, (s) => ofMembers(g, unit, (p) => held.get(p)![s]));
      const next = rule.propose(g, { param: unit.param, w: now, dw, slots: before, clock });
      const parts = byMember(g, unit, next.candidate);
      const metrics = next.metric && byMember(g, unit, next.metric);
      const moving = optimizer.slots.filter((s) => next.slots[s] !== before[s]);
      const after = new Map(moving.map((s) => [s, byMember(g, unit, next.slots[s])]));
      unit.members.forEach((p, i) => {
        candidates.set(p, parts[i]);
        if (metrics) metric.set(p, metrics[i]);
        slots.set(
          p,
          ofEach(optimizer.slots, (s) => after.get(s)?.[i] ?? held.get(p)![s]),
        );
      });
      return { ...unit, w: now, candidate: next.candidate, parts };
    }),
  );
  return { units, candidates, metric, held, slots };
}

const ofEach = <T>(keys: readonly string[], make: (key: string) => T): Record<string, T> =>
  Object.fromEntries(keys.map((key) => [key, make(key)]));

function prox({ g, plan, kind }: Frame, { candidates, metric }: Proposal): void {
  if (!plan.penalty || stepRule(plan.optimizer, kind).penaltyBy === "gradient") return;
  for (const [p, moved] of penaltyProx(g, plan, candidates, metric)) candidates.set(p, moved);
}

/** The joint proximal step, in the optimizer's metric: the parameters that the penalty changes. */
export function penaltyProx(
  g: Builder,
  { optimizer, penalty }: StepPlan,
  candidates: ReadonlyMap<Value, Value>,
  metric: ReadonlyMap<Value, Value>,
): ReadonlyMap<Value, Value> {
  const [step, part] = [penaltyInput(g, "step"), penaltyInput(g, "part")];
  return g.scope("prox", () =>
    optimizer.adaptive
      ? penalty!.proxInMetric!(g, candidates, metric, step, part)
      : penalty!.prox(g, candidates, step, part),
  );
}

function project({ g, plan, kind, w, clock }: Frame, { candidates, slots }: Proposal): void {
  const rule = stepRule(plan.optimizer, kind);
  if (rule.project) g.scope("project", () => rule.project!(g, { w, candidates, slots, clock }));
}

function accept({ g, plan, kind, w, clock }: Frame, { units, candidates, held, slots }: Proposal): void {
  const rule = stepRule(plan.optimizer, kind);
  for (const [p, next] of slots)
    for (const s of plan.optimizer.slots)
      if (next[s] !== held.get(p)![s]) g.output(next[s], names.next(names.slot(s, p.name)));
  const onHost = new Set(plan.penalty?.hostProx?.params);
  g.scope("accept", () => {
    for (const unit of units) {
      const { members, parts } = unit;
      const moved = members.some((p, i) => candidates.get(p) !== parts[i]);
      const whole = members.length > 1 && !moved;
      const next = whole && byMember(g, unit, rule.accept(g, { w: unit.w, candidate: unit.candidate, clock }));
      members.forEach((p, i) => {
        const candidate = candidates.get(p)!;
        if (onHost.has(p)) g.output(candidate, names.candidate(p.name));
        else {
          const accepted = next ? next[i] : rule.accept(g, { w: w.get(p)!, candidate, clock });
          g.output(accepted, names.next(names.param(p.name)));
        }
      });
    }
  });
}
