/** When weights that an averaging optimizer only shrinks are looked at. */
import type { Moment } from "../optim/schedule.ts";

/**
 * A share of 0.6 or more a step leaves what was not next to nothing (2⁻¹⁰⁰) normal for so many steps; what falls faster gets to zero by
 * itself. In every step it cost RMDA a fifth of momentum SGD's.
 */
const EVERY = 32;

/** Whether weights become zero where they are next to nothing, after this step. @param averaging the new point's share in an average */
export const flushesAfter = ({ step, stepsPerEpoch }: Moment, averaging: number | undefined): boolean =>
  averaging !== undefined && averaging < 1 && ((step + 1) % EVERY === 0 || step + 1 === stepsPerEpoch);
