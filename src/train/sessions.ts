/** Compiled programs: one session for each, made when it is first needed. */
import type { Engine, Session } from "../engine/engine.ts";
import type { Graph } from "../graph/types.ts";
import { tunedTarget } from "../lower/tuning/tuned-target.ts";
import type { Tuning } from "../lower/tuning/tuning.ts";
import { type Compiled, compiled, roughlyTaken } from "../step/compile.ts";
import type { Program } from "../step/frame.ts";
import { passedOn } from "../step/names.ts";

/** A program that can run, and what it says beside its graph. */
export type Loaded = Omit<Program, "graph"> & { readonly session: Session };

/** What saves memory for more of the time. */
export interface Sparing {
  /**
   * Whether a step computes what is cheap a second time for its gradients (normalized values, ReLUs, differences) instead of keeping it
   * since the forward pass: the same bytes, in more time. Default: when it would take more memory than is free, on the CPU.
   */
  readonly recompute?: boolean;
}

/** Sessions of a table of programs, by the program's name and what it is built for. */
export class Sessions<P extends { readonly [K in keyof P]: (...of: never[]) => Program }> {
  private readonly engine: Engine;
  private readonly programs: P;
  private readonly tuning: Tuning | undefined;
  private readonly sparing: Sparing;
  private readonly open = new Map<string, Promise<Loaded>>();
  /** Compiled, to be loaded. */
  private readonly ready = new Map<string, Promise<Compiled>>();

  /** @param tuning which formulations the engine's machine prefers; default: the built-in thresholds' */
  constructor(engine: Engine, programs: P, tuning?: Tuning, sparing: Sparing = {}) {
    this.engine = engine;
    this.programs = programs;
    this.tuning = tuning;
    this.sparing = sparing;
  }

  /** The portable graph of a program. */
  graph<K extends keyof P & string>(name: K, ...of: Parameters<P[K]>): Graph {
    return this.programs[name](...of).graph;
  }

  /** What a program says beside its graph, without compiling it. */
  told<K extends keyof P & string>(name: K, ...of: Parameters<P[K]>): Omit<Program, "graph"> {
    return this.programs[name](...of);
  }

  get<K extends keyof P & string>(name: K, ...of: Parameters<P[K]>): Promise<Loaded> {
    const key = keyOf(name, of);
    const known = this.open.get(key);
    if (known) return known;
    const { graph, ...told } = this.programs[name](...of);
    const ready = this.ready.get(key) ?? this.compile(graph);
    this.ready.delete(key); // nothing holds the bytes any longer than the runtime reads them
    const made = this.load(graph, ready).then((session) => ({ session, ...told }));
    this.open.set(key, made);
    return made;
  }

  /**
   * Compiles a program that is run later, and says what it is expected to take.
   * @param reserved bytes of what is free that something else will take before it runs
   */
  async plan<K extends keyof P & string>(reserved: number, name: K, ...of: Parameters<P[K]>): Promise<Compiled> {
    const made = this.compile(this.programs[name](...of).graph, reserved);
    this.ready.set(keyOf(name, of), made);
    return made;
  }

  /** Roughly what a program is expected to take that is not compiled. */
  rough<K extends keyof P & string>(name: K, ...of: Parameters<P[K]>): number {
    return roughlyTaken(this.programs[name](...of).graph);
  }

  private async compile(graph: Graph, reserved = 0): Promise<Compiled> {
    const { target, plan } = await tunedTarget(this.engine, graph, this.tuning);
    const available = this.engine.available?.();
    const free = available === undefined ? undefined : available - reserved;
    return compiled(graph, target, { plan, free, recompute: this.sparing.recompute });
  }

  private async load(graph: Graph, ready: Promise<Compiled>): Promise<Session> {
    const resident = graph.outputs.map((v) => v.name).filter(passedOn);
    const { bytes, memory } = await ready;
    return this.engine.load(bytes, { resident, memory });
  }

  async release(): Promise<void> {
    const all = await Promise.allSettled(this.open.values()); // what failed to load has nothing to free
    this.open.clear();
    for (const made of all) if (made.status === "fulfilled") await made.value.session.release();
  }
}

const keyOf = (name: string, of: readonly unknown[]): string => `${name} ${JSON.stringify(of)}`;
