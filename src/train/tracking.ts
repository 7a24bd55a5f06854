/** The prox that an engine follows from step to step: it is asked again, or begun anew, until what it says is near enough. */
import { type DeviceTensors, type Engine, type HostTensors, type Session, take } from "../engine/engine.ts";
import { tensor } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";
import type { HostMove, Tracked } from "../prox/penalty.ts";
import { names } from "../step/names.ts";
import type { State } from "./state.ts";

/** The relative error that a move may have. */
const NEAR = 1e-4;
/** From here on a further turn from the same basis does not help. */
const LOST = 0.1;
/** How often a basis is turned within a step, before it is made anew. */
const TURNS = 3;

/** Weights of fewer rows are left to the host where they were lost: another turn, of all weights, takes longer. */
const COSTLY = 64;

export interface Tracking {
  readonly engine: Engine;
  readonly state: State;
  readonly tracked: readonly Tracked[];
  run(session: Session, host: HostTensors, into: DeviceTensors): Promise<DeviceTensors>;
}

/**
 * The moves of what is tracked, those left out that no basis brought near: they are the host's. The bases go on in the state.
 * @param session of the program `track`
 * @param numbers what acts of the penalty
 * @param candidates by parameter
 */
export async function follow(
  { engine, state, tracked, run }: Tracking,
  session: Session,
  numbers: HostTensors,
  candidates: ReadonlyMap<Value, Float32Array>,
): Promise<Map<Value, HostMove>> {
  const matrices = new Map(tracked.map((one) => [one, one.matrixOf(candidates.get(one.param)!)]));
  const feeds = Object.fromEntries(
    [...matrices].map(([{ param, shape }, data]) => [names.candidate(param.name), tensor("float32", shape, data)]),
  );
  for (let [turn, anew] = [1, false]; ; turn++) {
    const into = state.targets(session.outputNames);
    const out = await run(session, { ...numbers, ...feeds }, into);
    state.swap(into);
    const numberOf = async (name: string) => Number((await take(engine, out[name])).data[0]);
    const moves = new Map<Value, HostMove>();
    const far: [Tracked, number][] = [];
    for (const one of tracked) {
      const { name } = one.param;
      const residual = await numberOf(names.residual(name));
      const rank = await numberOf(names.rank(name));
      const moved = (await take(engine, out[names.moved(name)])).data as Float32Array;
      if (residual <= NEAR) moves.set(one.param, { data: one.tensorOf(moved), rank });
      else far.push([one, residual]);
    }
    if (far.length === 0 || anew) return moves;
    const costly = far.some(([{ basis }]) => basis[0] >= COSTLY);
    if (costly && turn < TURNS && far.every(([, residual]) => residual < LOST)) continue;
    for (const [one] of far)
      state.put(names.basis(one.param.name), tensor("float32", one.basis, one.basisOf(matrices.get(one)!)));
    if (!costly) return moves;
    anew = true;
  }
}
