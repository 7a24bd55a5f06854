/** Times several programs in alternating rounds, so that a machine whose speed drifts treats them alike. */
import { setTimeout as sleep } from "node:timers/promises";
import { median } from "../src/math/statistics.ts";
import { othersDuring, quiet } from "./machine.ts";
import type { TimedSide } from "./ours.ts";

const ROUND_MS = 1000;
const PAUSE_MS = 300; // both runtimes let their threads spin for a while after work; let them go to sleep

/**
 * Alternates rounds of about a second; who begins alternates too.
 * @param wait seconds to wait, at most, for a quiet machine before each pair of rounds
 */
export async function alternate(
  sides: readonly TimedSide[],
  rounds: number,
  wait: number,
): Promise<{ times: number[][]; othersCores: number }> {
  const times = sides.map((): number[] => []);
  const others: number[] = [];
  const count: number[] = [];
  for (const side of sides) {
    await side.steps(2); // warm-up: memory arenas, kernels' first choice
    const { ms } = await side.steps(3);
    count.push(Math.min(200, Math.max(1, Math.round(ROUND_MS / ms))));
  }
  for (let r = 0; r < rounds; r++) {
    await quiet(wait);
    for (let k = 0; k < sides.length; k++) {
      const i = (k + r) % sides.length;
      await sleep(PAUSE_MS);
      const { result, cores } = await othersDuring(() => sides[i].steps(count[i]));
      if (!Number.isFinite(result.loss)) throw new Error(`${sides[i].version}: the loss became ${result.loss}`);
      times[i].push(result.ms);
      if (i === 0) others.push(cores); // PyTorch's own child would count as another program
    }
  }
  return { times, othersCores: median(others) };
}
