/** The tensors of a run: parameters, running statistics, optimizer slots. Two sets swap roles at every step. */
import { dictionary } from "../dictionary.ts";
import { type DeviceTensor, disposeAll, type Engine } from "../engine/engine.ts";
import { EspalierError } from "../error.ts";
import { sameShape, zerosLike } from "../graph/tensor.ts";
import type { Graph, Tensor, Value } from "../graph/types.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { Tracked } from "../prox/penalty.ts";
import { names } from "../step/names.ts";
import { parameters } from "../step/parameters.ts";

interface Written {
  readonly name: string;
  /** The output that holds its next value. */
  readonly next: string;
  readonly type: Value;
}

export class State {
  /** The model's handles of the trained parameters. */
  readonly trained: readonly Value[];
  /** Those of the running statistics. */
  readonly statistics: readonly Value[];
  private readonly engine: Engine;
  private readonly graph: Graph;
  private readonly slots: readonly string[];
  /** What may be missing: it is found anew. */
  private readonly bases: ReadonlySet<string>;
  /** Parameters and running statistics: from their names to those of their tensors here. */
  private readonly weightNames: ReadonlyMap<string, string>;
  /** Type of every state tensor by name, in the order of the checkpoint. */
  private readonly types: ReadonlyMap<string, Value>;
  private current = dictionary<DeviceTensor>();
  private spare = dictionary<DeviceTensor>();
  /** Which state tensors a session writes, by its list of outputs: the same at every step. */
  private readonly written = new WeakMap<readonly string[], readonly Written[]>();

  /** @param tracked what a prox that the engine follows carries */
  constructor(engine: Engine, graph: Graph, optimizer: Optimizer, tracked: readonly Tracked[] = []) {
    this.engine = engine;
    const { trained, running } = parameters(graph);
    const weights = [...trained, ...running];
    this.trained = trained;
    this.statistics = running;
    this.graph = graph;
    this.slots = optimizer.slots;
    this.weightNames = new Map(weights.map((v) => [v.name, names.param(v.name)]));
    const types = new Map(weights.map((v) => [names.param(v.name), v]));
    for (const s of optimizer.slots) for (const p of trained) types.set(names.slot(s, p.name), p);
    for (const { param, basis } of tracked)
      types.set(names.basis(param.name), { name: param.name, dtype: "float32", shape: basis });
    this.types = types;
    this.bases = new Set(tracked.map(({ param }) => names.basis(param.name)));
  }

  /** Begins with the graph's own weights. Without this, or `restore`, nothing is held: a run may only be described. */
  begin(): void {
    this.dispose();
    for (const [v, t] of this.graph.initializers) {
      const name = this.weightNames.get(v.name);
      if (name !== undefined) this.current[name] = this.engine.upload(own(t));
    }
    for (const name of this.bases) this.current[name] = this.engine.upload(zerosLike(this.types.get(name)!));
  }

  /** What a session reads. */
  get feeds(): Readonly<Record<string, DeviceTensor>> {
    return this.current;
  }

  /** Where a session may write the next value of each state tensor that it outputs, by output name. */
  targets(outputNames: readonly string[]): Record<string, DeviceTensor> {
    const into = dictionary<DeviceTensor>();
    for (const { name, next, type } of this.writtenBy(outputNames)) {
      this.spare[name] ??= this.engine.upload(zerosLike(type));
      into[next] = this.spare[name];
    }
    return into;
  }

  private writtenBy(outputNames: readonly string[]): readonly Written[] {
    const known = this.written.get(outputNames);
    if (known) return known;
    const outputs = new Set(outputNames);
    const found = [...this.types].map(([name, type]) => ({ name, next: names.next(name), type }));
    const written = found.filter(({ next }) => outputs.has(next));
    this.written.set(outputNames, written);
    return written;
  }

  /** Makes the values written to `targets` current. */
  swap(into: Readonly<Record<string, DeviceTensor>>): void {
    for (const name of this.types.keys()) {
      if (!into[names.next(name)]) continue;
      const old = this.current[name];
      this.current[name] = this.spare[name];
      if (old) this.spare[name] = old;
      else delete this.spare[name];
    }
  }

  /** Host copies of everything, by name in a checkpoint. */
  async download(): Promise<Map<string, Tensor>> {
    const out = new Map<string, Tensor>();
    for (const name of this.types.keys()) if (this.current[name]) out.set(name, await this.copy(name));
    return out;
  }

  /** Host copies of parameters and running statistics, by their own names. */
  async weights(): Promise<Map<string, Tensor>> {
    const out = new Map<string, Tensor>();
    for (const [weight, name] of this.weightNames) out.set(weight, await this.copy(name));
    return out;
  }

  /** The running statistics by their own names, not copied. */
  async running(): Promise<Map<string, Tensor>> {
    const out = new Map<string, Tensor>();
    for (const { name } of this.statistics) out.set(name, await this.engine.download(this.current[names.param(name)]));
    return out;
  }

  /** Makes these the running statistics. */
  setRunning(by: ReadonlyMap<string, Tensor>): void {
    for (const [weight, t] of by) this.put(names.param(weight), t);
  }

  /** Makes this the tensor of a name. */
  put(name: string, t: Tensor): void {
    this.engine.dispose(this.current[name]);
    this.current[name] = this.engine.upload(own(t));
  }

  private async copy(name: string): Promise<Tensor> {
    return own(await this.engine.download(this.current[name]));
  }

  /**
   * The tensors of a checkpoint of this graph: its own weights, and the slots of another's.
   * @param carry what becomes of a slot
   */
  carried(
    from: ReadonlyMap<string, Tensor>,
    carry: (slot: Tensor, of: { readonly slot: string; readonly param: string }) => Tensor = (slot) => slot,
  ): Map<string, Tensor> {
    const out = new Map<string, Tensor>();
    for (const [v, t] of this.graph.initializers) if (this.weightNames.has(v.name)) out.set(names.param(v.name), t);
    for (const slot of this.slots)
      for (const { name: param } of this.trained) {
        const held = from.get(names.slot(slot, param));
        if (held) out.set(names.slot(slot, param), carry(held, { slot, param }));
      }
    return out;
  }

  /**
   * Replaces everything by the tensors of a checkpoint.
   * @throws EspalierError naming the first that is missing or not of its shape; the state stays as it was then
   */
  restore(tensors: ReadonlyMap<string, Tensor>): void {
    const fitting = [...this.types].map(([name, type]): [string, Tensor] => {
      const t = tensors.get(name) ?? (this.bases.has(name) ? zerosLike(type) : undefined);
      if (t && t.dtype === type.dtype && sameShape(t.shape, type.shape)) return [name, t];
      throw new EspalierError("mismatch", "the checkpoint does not fit the model", {
        tensor: name,
        got: t ? `[${t.shape}]` : "nothing",
        wanted: `[${type.shape}]`,
      });
    });
    this.dispose();
    this.current = dictionary(fitting.map(([name, t]) => [name, this.engine.upload(own(t))] as const));
  }

  /** Frees all tensors. */
  dispose(): void {
    for (const tensors of [this.current, this.spare]) disposeAll(this.engine, tensors);
    this.current = dictionary();
    this.spare = dictionary();
  }
}

/** A copy with memory of its own, which the engine may share. */
const own = (t: Tensor): Tensor => ({ ...t, data: t.data.slice() });
