/** The gradients of a batch's parts, added up in float32 where the engine keeps its tensors. Three sets of them take turns. */
import { type DeviceTensor, disposeAll, type Engine, type Session } from "../engine/engine.ts";
import { zerosLike } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";
import { names } from "../step/names.ts";

type Gradients = ReadonlyMap<string, DeviceTensor>;

const named = (gradients: Gradients, name: (param: string) => string): Record<string, DeviceTensor> =>
  Object.fromEntries([...gradients].map(([param, t]) => [name(param), t]));

export class GradientSum {
  private readonly engine: Engine;
  private readonly make: () => Gradients;
  private readonly free: Gradients[] = [];
  private next: Gradients | undefined;
  private sum: Gradients | undefined;

  constructor(engine: Engine, params: readonly Value[]) {
    this.engine = engine;
    this.make = () => new Map(params.map((p) => [p.name, engine.upload(zerosLike(p))]));
  }

  private take(): Gradients {
    return this.free.pop() ?? this.make();
  }

  /** Where the next part's gradients are to be written, by output name. */
  targets(): Record<string, DeviceTensor> {
    this.next ??= this.take();
    return named(this.next, (param) => names.next(names.gradient(param)));
  }

  /** Adds what was written to `targets`. @param add the session of the program `add` */
  async add(add: Session): Promise<void> {
    const { sum, next } = this;
    this.next = undefined;
    if (!sum || !next) {
      this.sum = next;
      return;
    }
    const more = named(next, (param) => names.next(names.gradient(param)));
    const total = this.take();
    await add.run({ ...this.feeds(), ...more }, named(total, names.sum));
    this.free.push(sum, next);
    this.sum = total;
  }

  /** The sum, as inputs of `update`. */
  feeds(): Record<string, DeviceTensor> {
    return this.sum ? named(this.sum, names.gradient) : {};
  }

  /** Begins anew, with the next batch. */
  clear(): void {
    if (this.sum) this.free.push(this.sum);
    this.sum = undefined;
  }

  /** Frees all sets. */
  dispose(): void {
    this.clear();
    if (this.next) this.free.push(this.next);
    this.next = undefined;
    for (const gradients of this.free.splice(0)) disposeAll(this.engine, Object.fromEntries(gradients));
  }
}
