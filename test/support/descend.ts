/** Runs an optimizer on one weight matrix W [O, I] with a gradient given as graph nodes. For tests of optim/ and prox/. */
import { runOnce, type Session } from "../../src/engine/engine.ts";
import { node } from "../../src/engine/node.ts";
import { type Builder, builder } from "../../src/graph/builder.ts";
import { f32 } from "../../src/graph/tensor.ts";
import type { Graph, Value } from "../../src/graph/types.ts";
import { encode } from "../../src/onnx/write.ts";
import { type Optimizer, stepRule } from "../../src/optim/optimizer.ts";
import type { Schedule } from "../../src/optim/schedule.ts";
import type { BoundPenalty, HostMove, Penalty } from "../../src/prox/penalty.ts";
import { noPenalty, penaltyAt, penaltyNumbers } from "../../src/step/penalty-clock.ts";

const engine = node({ threads: 1 });

/** A network with one weight W [O, I]: x·Wᵀ. */
function oneWeight(shape: readonly [number, number], data: readonly number[]): { graph: Graph; w: Value } {
  const g = builder("one weight");
  const w = g.initializer("w", f32(data, shape));
  g.output(g.Gemm(g.input("x", "float32", [1, shape[1]]), w, null, { transB: 1 }));
  return { graph: g.build(), w };
}

export interface Descent {
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly penalty?: Penalty;
  readonly shape: readonly [number, number];
  readonly start: readonly number[];
  readonly gradient: (g: Builder, w: Value) => Value;
  readonly steps: number;
  readonly stepsPerEpoch?: number;
  /** The share of the penalty that counts at the t-th step, from 0. Default: 1, no warm-up. */
  readonly share?: (t: number) => number;
}

interface Fitted {
  readonly optimizer: Optimizer;
  readonly penalty?: BoundPenalty;
  readonly param: Value;
}

/** One kind of step as a session: W, slots, clock → the candidate after prox and projection, the next W, the next slots. */
async function stepSession(d: Descent, { optimizer, penalty: bound, param }: Fitted, kind?: string): Promise<Session> {
  const rule = stepRule(optimizer, kind);
  const g = builder("descend");
  const w = g.input("w", "float32", d.shape);
  const slots = Object.fromEntries(optimizer.slots.map((s) => [s, g.input(`slot/${s}`, "float32", d.shape)]));
  const clock = Object.fromEntries(optimizer.clock.numbers.map((n) => [n, g.input(`clock/${n}`, "float32", [])]));
  const weights = new Map([[param, w]]);
  const slope = rule.penaltyBy === "gradient" ? bound?.gradient?.(g, weights).get(param) : undefined;
  const plain = d.gradient(g, w);
  const dw = optimizer.gradientScale ? g.Mul(plain, clock[optimizer.gradientScale]) : plain;
  const next = rule.propose(g, {
    param,
    w,
    dw: slope ? g.Add(dw, g.Mul(slope, g.input("penalty/share", "float32", []))) : dw,
    slots,
    clock,
  });
  const candidates = new Map([[param, next.candidate]]);
  if (bound && rule.penaltyBy !== "gradient") {
    const [step, part] = ["step", "part"].map((n) => g.input(`penalty/${n}`, "float32", []));
    const metric = next.metric && new Map([[param, next.metric]]);
    const moved = metric
      ? bound.proxInMetric!(g, candidates, metric, step, part)
      : bound.prox(g, candidates, step, part);
    for (const [p, v] of moved) candidates.set(p, v);
  }
  const after = new Map([[param, next.slots]]);
  rule.project?.(g, { w: weights, candidates, slots: after, clock });
  const candidate = candidates.get(param)!;
  g.output(g.Identity(candidate), "candidate");
  if (!bound?.hostProx) g.output(g.Identity(rule.accept(g, { w, candidate, clock })), "next");
  for (const s of optimizer.slots) g.output(g.Identity(after.get(param)![s]), `next/${s}`);
  return engine.load(encode(g.build()));
}

/** What is left of a step after a prox on the host. */
async function acceptSession({ shape }: Descent, { optimizer }: Fitted): Promise<Session> {
  const g = builder("accept");
  const [w, candidate] = ["w", "candidate"].map((name) => g.input(name, "float32", shape));
  const clock = Object.fromEntries(optimizer.clock.numbers.map((n) => [n, g.input(`clock/${n}`, "float32", [])]));
  g.output(g.Identity(optimizer.accept(g, { w, candidate, clock })), "next");
  return engine.load(encode(g.build()));
}

/** W and the candidate after the prox (W̃), after one step; what a prox on the host made. */
interface Descended {
  readonly w: number[];
  readonly candidate: number[];
  readonly moved?: HostMove;
}

/** The trace of an optimizer's steps. */
export async function descend(d: Descent): Promise<Descended[]> {
  const { graph, w: param } = oneWeight(d.shape, d.start);
  const penalty = d.penalty?.bind(graph);
  const optimizer = d.optimizer.bind?.({ graph, penalty, seed: 1 }) ?? d.optimizer;
  const sessions = new Map<string | undefined, Session>();
  for (const kind of [undefined, ...Object.keys(optimizer.kinds ?? {})])
    sessions.set(kind, await stepSession(d, { optimizer, penalty, param }, kind));
  const accept = penalty?.hostProx && (await acceptSession(d, { optimizer, param }));

  const gi = builder("init");
  const from = gi.input("w", "float32", d.shape);
  const made = optimizer.init(gi, from, param);
  gi.output(gi.Identity(from), "next"); // a session has an output, where an optimizer has no slots
  for (const s of optimizer.slots) gi.output(gi.Identity(made[s]), `next/${s}`);
  const init = await engine.load(encode(gi.build()));

  let now = f32(d.start, d.shape) as Awaited<ReturnType<typeof runOnce>>[string];
  let held = await runOnce(init, engine, { w: now });
  let state = optimizer.clock.start();
  let acts = noPenalty;
  const trace: Descended[] = [];
  const stepsPerEpoch = d.stepsPerEpoch ?? d.steps;
  for (let t = 0; t < d.steps; t++) {
    const moment = {
      epoch: Math.floor(t / stepsPerEpoch),
      step: t % stepsPerEpoch,
      stepsPerEpoch,
      epochs: Math.ceil(d.steps / stepsPerEpoch),
    };
    const tick = optimizer.clock.tick(state, moment, d.schedule);
    acts = penaltyAt(acts, d.share?.(t) ?? 1, tick, optimizer.prox);
    if (tick.restart) held = await runOnce(init, engine, { w: now });
    const feeds: Parameters<typeof runOnce>[2] = {
      w: now,
      ...Object.fromEntries(optimizer.slots.map((s) => [`slot/${s}`, held[`next/${s}`]])),
      ...Object.fromEntries(penaltyNumbers.map((n) => [`penalty/${n}`, f32([acts[n]], [])])),
      ...Object.fromEntries(Object.entries(tick.numbers).map(([n, x]) => [`clock/${n}`, f32([x], [])])),
    };
    const step = sessions.get(tick.kind)!;
    const used = Object.fromEntries(step.inputNames.map((n) => [n, feeds[n]]));
    held = await runOnce(step, engine, used);
    let moved: HostMove | undefined;
    if (penalty?.hostProx && accept) {
      const at = held.candidate.data as Float32Array;
      moved = penalty.hostProx.apply(param, at, acts.step);
      const given: Parameters<typeof runOnce>[2] = { ...feeds, candidate: f32(moved.data, d.shape) };
      const fed = Object.fromEntries(accept.inputNames.map((n) => [n, given[n]]));
      held = { ...held, candidate: given["candidate"], next: (await runOnce(accept, engine, fed)).next };
    }
    now = held.next;
    state = tick.state;
    const [place, candidate] = [now, held.candidate].map((t) => [...(t.data as Float32Array)]);
    trace.push({ w: place, candidate, ...(moved && { moved }) });
  }
  for (const session of sessions.values()) await session.release();
  await accept?.release();
  await init.release();
  return trace;
}
