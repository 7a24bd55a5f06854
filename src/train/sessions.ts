/** Compiled programs of a run: one session per kind of step and batch size, one evaluation session per batch size, made when first needed. */
import type { DeviceTensor, Engine, Session } from "../engine/engine.ts";
import { atBatch } from "../graph/infer.ts";
import type { Graph, Model } from "../graph/types.ts";
import { lower } from "../lower/lower.ts";
import { targetOf } from "../lower/target.ts";
import { encode } from "../onnx/write.ts";
import type { InputPlan } from "../step/input.ts";
import type { Mask } from "../step/training-forms.ts";
import { acceptProgram, dualProgram, evaluationProgram, initProgram, type Plan, stepProgram } from "./programs.ts";

export interface StepSession {
  readonly session: Session;
  readonly masks: readonly Mask[];
}

export class Sessions {
  private readonly engine: Engine;
  private readonly model: Model;
  private readonly plan: Plan;
  private readonly open = new Map<string, Promise<{ session: Session; masks: readonly Mask[] }>>();

  constructor(engine: Engine, model: Model, plan: Plan) {
    this.engine = engine;
    this.model = model;
    this.plan = plan;
  }

  private compile(key: string, build: () => { graph: Graph; masks?: readonly Mask[] }): Promise<StepSession> {
    let made = this.open.get(key);
    if (!made) {
      const { graph, masks = [] } = build();
      made = this.engine.load(encode(lower(graph, targetOf(this.engine)))).then((session) => ({ session, masks }));
      this.open.set(key, made);
    }
    return made;
  }

  /** @param kind which of the optimizer's kinds of step */
  step(n: number, kind?: string): Promise<StepSession> {
    return this.compile(`step ${n} ${kind ?? ""}`, () => stepProgram(atBatch(this.model, n), this.plan, kind));
  }

  /** What is left of a step after the host's prox. */
  async accept(): Promise<Session> {
    return (await this.compile("accept", () => ({ graph: acceptProgram(this.plan) }))).session;
  }

  async evaluation(n: number, input: InputPlan): Promise<Session> {
    const build = () => ({ graph: evaluationProgram(atBatch(this.model, n), { ...this.plan, input }) });
    return (await this.compile(`evaluation ${n} ${input.dtype}`, build)).session;
  }

  /** Slots from parameters; undefined when the optimizer has none. */
  async init(
    feeds: Readonly<Record<string, DeviceTensor>>,
    into: (names: readonly string[]) => Record<string, DeviceTensor>,
  ) {
    const build = () => ({ graph: initProgram(this.model.graph, this.plan.optimizer) });
    const { session } = await this.compile("init", build);
    const targets = into(session.outputNames);
    await session.run(feeds, targets);
    return targets;
  }

  async dual(): Promise<Session> {
    return (await this.compile("dual", () => ({ graph: dualProgram(this.model.graph, this.plan) }))).session;
  }

  async release(): Promise<void> {
    const all = await Promise.allSettled(this.open.values()); // what failed to load has nothing to free
    this.open.clear();
    for (const made of all) if (made.status === "fulfilled") await made.value.session.release();
  }
}
