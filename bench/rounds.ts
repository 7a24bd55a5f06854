/** Times several programs in alternating rounds, so that a machine whose speed drifts treats them alike. */
import { setTimeout as sleep } from "node:timers/promises";
import { median } from "../src/math/statistics.ts";
import { othersDuring, QUIET, quiet } from "./machine.ts";
import type { TimedSide } from "./ours.ts";

const ROUND_MS = 300;
const PAUSE_MS = 150; // PyTorch lets its threads spin for a while after work; let them go to sleep

export interface Alternated {
  /** Milliseconds per step: of each side, of each round. */
  readonly times: readonly (readonly number[])[];
  /** Cores that other programs used meanwhile, by median over the rounds. */
  readonly othersCores: number;
}

/** How many steps a round has: as many as fill it, at least one. */
async function stepsOf(side: TimedSide): Promise<number> {
  await side.steps(1); // warm-up: memory arenas, kernels' first choice
  const { ms } = await side.steps(1);
  if (ms > ROUND_MS / 4) return Math.max(1, Math.round(ROUND_MS / ms));
  return Math.min(200, Math.max(1, Math.round(ROUND_MS / (await side.steps(3)).ms)));
}

/**
 * Alternates rounds of about 0.3 s, of one step where that takes longer; who begins alternates too. A round beside other programs is
 * repeated, as often as there are rounds, and then kept.
 * @param wait seconds to wait, at most, for a quiet machine before each round; 0 takes the machine as it is
 * @throws Error when a loss is not finite
 */
export async function alternate(sides: readonly TimedSide[], rounds: number, wait: number): Promise<Alternated> {
  const count: number[] = [];
  for (const side of sides) count.push(await stepsOf(side));
  const kept: { readonly ms: readonly number[]; readonly cores: number }[] = [];
  for (let r = 0, tried = 0; kept.length < rounds; r++, tried++) {
    await quiet(wait);
    const round = await once(sides, count, r);
    if (wait === 0 || round.cores < QUIET || tried >= 2 * rounds) kept.push(round);
  }
  return {
    times: sides.map((_, i) => kept.map(({ ms }) => ms[i])),
    othersCores: median(kept.map(({ cores }) => cores)),
  };
}

/** @param first who begins */
async function once(sides: readonly TimedSide[], count: readonly number[], first: number) {
  const ms: number[] = [];
  let others = 0;
  for (let k = 0; k < sides.length; k++) {
    const i = (k + first) % sides.length;
    await sleep(PAUSE_MS);
    const { result, cores } = await othersDuring(() => sides[i].steps(count[i]));
    if (!Number.isFinite(result.loss)) throw new Error(`${sides[i].version}: the loss became ${result.loss}`);
    ms[i] = result.ms;
    if (i === 0) others = cores; // PyTorch's own child would count as another program
  }
  return { ms, cores: others };
}
