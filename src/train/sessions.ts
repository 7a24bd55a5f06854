/** Compiled programs: one session for each, made when it is first needed. */
import type { Engine, Session } from "../engine/engine.ts";
import { targetOf } from "../lower/target.ts";
import { compile } from "../step/compile.ts";
import type { Program } from "../step/frame.ts";
import { passedOn } from "../step/names.ts";

/** A program that can run, and what it says beside its graph. */
export type Loaded = Omit<Program, "graph"> & { readonly session: Session };

/** Sessions of a table of programs, by the program's name and what it is built for. */
export class Sessions<P extends { readonly [K in keyof P]: (...of: never[]) => Program }> {
  private readonly engine: Engine;
  private readonly programs: P;
  private readonly open = new Map<string, Promise<Loaded>>();

  constructor(engine: Engine, programs: P) {
    this.engine = engine;
    this.programs = programs;
  }

  get<K extends keyof P & string>(name: K, ...of: Parameters<P[K]>): Promise<Loaded> {
    const key = `${name} ${JSON.stringify(of)}`;
    const known = this.open.get(key);
    if (known) return known;
    const { graph, ...told } = this.programs[name](...of);
    const resident = graph.outputs.map((v) => v.name).filter(passedOn);
    const bytes = compile(graph, targetOf(this.engine));
    const made = this.engine.load(bytes, { resident }).then((session) => ({ session, ...told }));
    this.open.set(key, made);
    return made;
  }

  async release(): Promise<void> {
    const all = await Promise.allSettled(this.open.values()); // what failed to load has nothing to free
    this.open.clear();
    for (const made of all) if (made.status === "fulfilled") await made.value.session.release();
  }
}
