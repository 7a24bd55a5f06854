/** The passes before the cut in stages, between which ranks exchange what batch norm needs of all samples. */
import { shareAt } from "../../data/share.ts";
import { type DeviceTensor, type DeviceTensors, type Engine, take } from "../../engine/engine.ts";
import { invariant } from "../../error.ts";
import type { Program } from "../../step/frame.ts";
import type { TrainingPrograms } from "../../step/programs.ts";
import type { Loaded, Sessions } from "../sessions.ts";
import type { Communicator } from "./communicator.ts";
import { exchange } from "./exchange.ts";

/** What stands for the program `gradients`. */
export interface Passes extends Pick<Loaded, "masks"> {
  readonly outputNames: readonly string[];
  run(feeds: DeviceTensors, into?: DeviceTensors): Promise<Record<string, DeviceTensor>>;
}

function stageOf({ stage }: Pick<Program, "stage">): NonNullable<Program["stage"]> {
  invariant(stage, "a stage does not say that it is one");
  return stage;
}

export class SynchronizedPasses {
  private readonly engine: Engine;
  private readonly sessions: Sessions<TrainingPrograms>;
  private readonly communicator: Communicator;

  constructor(engine: Engine, sessions: Sessions<TrainingPrograms>, communicator: Communicator) {
    this.engine = engine;
    this.sessions = sessions;
    this.communicator = communicator;
  }

  /** Compiles the stages of this many samples. @returns them in their order */
  async load(count: number, length?: number): Promise<Loaded[]> {
    const first = await this.sessions.get("stage", count, 0, length);
    const loaded = [first];
    for (let i = 1; i < stageOf(first).of; i++) loaded.push(await this.sessions.get("stage", count, i, length));
    return loaded;
  }

  /** @param whole samples of the batch of all ranks, whose places this rank's `count` are */
  async of(count: number, whole: number, length?: number): Promise<Passes> {
    const { engine, communicator } = this;
    const stages = await this.load(count, length);
    const samples = this.shares(whole);
    return {
      masks: stages[0].masks,
      outputNames: stages.flatMap(({ session }) => session.outputNames),
      run: async (feeds, into = {}) => {
        const made: Record<string, DeviceTensor> = {};
        for (const loaded of stages) {
          const { session } = loaded;
          const targets = session.outputNames.flatMap((name) => (into[name] ? [[name, into[name]] as const] : []));
          Object.assign(made, await session.run({ ...feeds, ...made }, Object.fromEntries(targets)));
          const { exchanges } = stageOf(loaded);
          if (exchanges.length === 0) continue;
          const mine: Record<string, Float32Array> = {};
          for (const { own } of exchanges) {
            mine[own] = (await take(engine, made[own])).data as Float32Array;
            delete made[own];
          }
          const all = await exchange(communicator, exchanges, mine, samples);
          for (const [name, t] of Object.entries(all)) made[name] = engine.upload(t);
        }
        const between = new Set(stages.flatMap(({ session }) => session.inputNames)); // what the program gives nobody reads
        for (const [name, t] of Object.entries(made)) if (between.has(name)) engine.dispose(t);
        return made;
      },
    };
  }

  /** Of a rank that has no samples of a batch: the others need to hear that. @param whole samples of the batch */
  async withoutSamples(whole: number, length?: number): Promise<void> {
    const samples = this.shares(whole);
    const told = (stage: number) => stageOf(this.sessions.told("stage", Math.max(...samples), stage, length));
    for (let i = 0; i < told(0).of; i++) {
      const { exchanges } = told(i);
      if (exchanges.length > 0) await exchange(this.communicator, exchanges, {}, samples);
    }
  }

  private shares(whole: number): number[] {
    const { size } = this.communicator;
    return Array.from({ length: size }, (_, rank) => shareAt(whole, { rank, size, least: 1 }).count);
  }
}
