/** The classes that go, and why. A class that is made of parts goes when one of them does. */
import type { Channels, Obstacle } from "../groups/channels.ts";
import type { Reason } from "../proof/certificate.ts";

/** Reasons from the weakest on: the stronger one stands for both. */
const STRENGTH: Record<Reason, number> = { unread: 0, zero: 1, "folded constant": 2 };

/** The stronger of two reasons. */
const stronger = (a: Reason | undefined, b: Reason): Reason => (a && STRENGTH[a] > STRENGTH[b] ? a : b);

export class Removed {
  private readonly reasons = new Map<number, Reason>();
  private readonly obstacles = new Map<number, Obstacle>();
  private readonly parts: Channels["parts"];

  constructor({ parts }: Pick<Channels, "parts">) {
    this.parts = parts;
  }

  /** Number of parts that go. */
  get size(): number {
    return this.reasons.size;
  }

  has(channel: number): boolean {
    return this.parts(channel).some((p) => this.reasons.has(p));
  }

  /** The strongest reason of the parts that go; undefined when the class stays. */
  get(channel: number): Reason | undefined {
    return this.parts(channel).reduce<Reason | undefined>((found, p) => {
      const own = this.reasons.get(p);
      return own ? stronger(found, own) : found;
    }, undefined);
  }

  /** The parts that go. */
  channels(): Iterable<number> {
    return this.reasons.keys();
  }

  /** The reasons of all parts that go. */
  all(): readonly Reason[] {
    return [...this.reasons.values()];
  }

  /** Why each part that stays does. */
  stays(): readonly Obstacle[] {
    return [...this.obstacles.values()];
  }

  /** Why a class stays; undefined when it goes. */
  whyKept(channel: number): Obstacle | undefined {
    if (this.has(channel)) return undefined;
    return this.parts(channel).flatMap((p) => this.obstacles.get(p) ?? [])[0];
  }

  /** A part goes. */
  add(part: number, reason: Reason): void {
    this.reasons.set(part, reason);
  }

  /** What goes of a class goes for this reason too. */
  say(channel: number, reason: Reason): void {
    for (const p of this.parts(channel)) {
      const own = this.reasons.get(p);
      if (own) this.reasons.set(p, stronger(own, reason));
    }
  }

  /** No part of a class goes. */
  keep(channel: number, obstacle: Obstacle): void {
    for (const p of this.parts(channel)) {
      this.reasons.delete(p);
      if (!this.obstacles.has(p)) this.obstacles.set(p, obstacle);
    }
  }
}
