/** What a suite of the campaign is: one kind of mischief, of which every case is drawn from (seed, suite, number). */
import { createHash } from "node:crypto";
import { Random } from "../src/math/random.ts";

/** One case under way. */
export interface Attempt {
  /** Everything random about the case comes from here. */
  readonly random: Random;
  /** A folder of its own, empty at first and removed when nothing was found. */
  readonly folder: string;
  /** A folder that the cases of its suite share; what it needs is made when it is first needed. Its cases never run beside each other. */
  readonly shared: string;
  /** Keeps what is tried, under a name: should the case fail, hang or crash, it lies in the output folder. */
  keep(name: string, content: Uint8Array | string): void;
}

export interface Suite {
  readonly name: string;
  /** What it does, for the table. */
  readonly about: string;
  /** Its share of the time, relative to the others'. */
  readonly share: number;
  /** Processor seconds after which a case counts as hanging. Default 2. */
  readonly processorSeconds?: number;
  /** Seconds that a case may wait, for whatever it waits. Default 60. */
  readonly seconds?: number;
  /**
   * One case. It passes when this returns or throws an EspalierError, which is how what is wrong is refused.
   * @returns what it came to, when that is more than "it worked"
   * @throws WrongResult for a result that is not as it must be; anything else thrown is a fault as well
   */
  run(attempt: Attempt): Promise<string | undefined>;
}

/** A result that differs from what it must be. */
export class WrongResult extends Error {
  override readonly name = "WrongResult";
}

/** The stream of a case. The suite is known by its name, so that another one more in the list changes no case. */
export function randomOf(seed: number, suite: string, index: number): Random {
  return new Random(seed, "verify", createHash("sha256").update(suite).digest().readUInt32LE(), index);
}
