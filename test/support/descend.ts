/**
 * Runs an optimizer on one weight matrix W [O, I] with a gradient given as graph nodes: the trainer's own steps, in which that
 * gradient stands for all that lies before the cut. For tests of optim/ and prox/.
 */
import type { Engine, EngineTensor, Session } from "../../src/engine/engine.ts";
import { node } from "../../src/engine/node.ts";
import { type Builder, builder } from "../../src/graph/builder.ts";
import { f32 } from "../../src/graph/tensor.ts";
import type { Graph, Value } from "../../src/graph/types.ts";
import type { Optimizer } from "../../src/optim/optimizer.ts";
import type { Schedule } from "../../src/optim/schedule.ts";
import type { Penalty } from "../../src/prox/penalty.ts";
import { clockInputs, paramInputs, program } from "../../src/step/frame.ts";
import { meanSquaredError } from "../../src/step/loss.ts";
import { names } from "../../src/step/names.ts";
import type { StepPlan } from "../../src/step/plan.ts";
import { type TrainingPrograms, trainingPrograms } from "../../src/step/programs.ts";
import { update } from "../../src/step/update.ts";
import { Sessions } from "../../src/train/sessions.ts";
import { State } from "../../src/train/state.ts";
import { Stepper } from "../../src/train/stepper.ts";

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

/** W and the candidate after the prox (W̃), after one step; the rank of W̃ where a prox on the host says it. */
interface Descended {
  readonly w: number[];
  readonly candidate: number[];
  readonly rank?: number;
}

/** A network with one weight W [O, I]: x·Wᵀ. */
function oneWeight(shape: readonly [number, number], data: readonly number[]): { graph: Graph; w: Value } {
  const g = builder("one weight");
  const w = g.initializer("w", f32(data, shape));
  g.output(g.Gemm(g.input("x", "float32", [1, shape[1]]), w, null, { transB: 1 }));
  return { graph: g.build(), w };
}

const CANDIDATE = names.candidate("w");

/** A step whose gradient is given; it shows the candidate as well. */
const descentProgram = (param: Value, plan: StepPlan, gradient: Descent["gradient"], kind?: string) =>
  program("descend", (g) => {
    const w = paramInputs(g, [param]);
    const clock = clockInputs(g, plan.optimizer.clock.numbers);
    const { gradientScale } = plan.optimizer;
    const plain = gradient(g, w.get(param)!);
    const dw = gradientScale === undefined ? plain : g.Mul(plain, clock[gradientScale]);
    const candidates = update({ g, plan, kind, w, clock }, new Map([[param, dw]]));
    if (!plan.penalty?.hostProx) g.output(candidates.get(param)!, CANDIDATE);
    g.output(g.scalar(0), names.loss);
  });

/** An engine whose sessions tell `seen` of every candidate that they make or are given. */
function watched(engine: Engine, seen: (candidate: EngineTensor) => void): Engine {
  const watch = (session: Session): Session => ({
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    release: () => session.release(),
    async run(feeds, into) {
      const out = await session.run(feeds, into);
      const candidate = feeds[CANDIDATE] ?? out[CANDIDATE];
      if (candidate) seen(await engine.download(candidate)); // before it is disposed of
      return out;
    },
  });
  const { name, version, threads, device } = engine;
  return {
    ...{ name, version, threads, device },
    load: async (model, options) => watch(await engine.load(model, options)),
    upload: (t) => engine.upload(t),
    download: (t) => engine.download(t),
    dispose: (t) => engine.dispose(t),
    release: () => engine.release(),
  };
}

/** The trace of an optimizer's steps. */
export async function descend(d: Descent): Promise<Descended[]> {
  const { schedule } = d;
  const { graph, w: param } = oneWeight(d.shape, d.start);
  const penalty = d.penalty?.bind(graph);
  const optimizer = d.optimizer.bind?.({ graph, penalty, seed: 1 }) ?? d.optimizer;
  const inputs = [{ dtype: "float32" as const, sample: [d.shape[1]] }];
  const plan: StepPlan = { inputs, terms: [{ loss: meanSquaredError() }], optimizer, penalty };
  let last: EngineTensor | undefined;
  const engine = watched(node({ threads: 1 }), (candidate) => {
    last = candidate;
  });
  const sessions = new Sessions<TrainingPrograms>(engine, {
    ...trainingPrograms({ graph, opset: 17, dims: new Map(), metadata: new Map() }, plan),
    step: (_, kind) => descentProgram(param, plan, d.gradient, kind),
  });
  const state = new State(engine, graph, optimizer);
  const labels = [{ dtype: "float32" as const, sample: [d.shape[0]] }];
  const parts = { accumulate: 1, leastPart: 1, labels };
  const stepper = new Stepper({ engine, plan, sessions, state, schedule, seed: 1, ...parts });
  state.begin();
  await stepper.restart();

  const stepsPerEpoch = d.stepsPerEpoch ?? d.steps;
  const trace: Descended[] = [];
  for (let t = 0; t < d.steps; t++) {
    const now = { epoch: Math.floor(t / stepsPerEpoch), step: t % stepsPerEpoch, stepsPerEpoch };
    const nothing = { x: new Float32Array(d.shape[1]), y: new Float32Array(d.shape[0]), count: 1 };
    const moment = { ...now, epochs: Math.ceil(d.steps / stepsPerEpoch) };
    await stepper.step({ ...nothing, ...now }, moment, d.share?.(t) ?? 1);
    const w = (await state.weights()).get("w")!;
    const rank = stepper.penaltyMetrics().ranks?.["w"];
    const [place, inside] = [w.data, last!.data].map((data) => [...(data as Float32Array)]);
    trace.push({ w: place, candidate: inside, ...(rank !== undefined && { rank }) });
  }
  await sessions.release();
  return trace;
}
