/** The ties of a node, by the axes that they name. */
import type { Tie } from "./axes/rule.ts";

const NONE: readonly Tie[] = [];

export class NodeTies {
  /** Of each axis of each output, the ties from inputs to it. */
  private readonly to: Tie[][][] = [];
  /** Whether a tie names an axis of an input. */
  private readonly named: boolean[][] = [];
  /** Ties of two inputs, or of two outputs. */
  readonly aside: readonly Tie[];

  constructor(ties: readonly Tie[]) {
    this.aside = ties.filter((t) => t.a.side === t.b.side);
    for (const t of ties) {
      for (const { side, at, axis } of [t.a, t.b])
        if (side === "in") {
          this.named[at] ??= [];
          this.named[at][axis] = true;
        }
      if (t.a.side === "in" && t.b.side === "out") {
        this.to[t.b.at] ??= [];
        this.to[t.b.at][t.b.axis] ??= [];
        this.to[t.b.at][t.b.axis].push(t);
      }
    }
  }

  /** The ties that reach an axis of an output. */
  reaching(output: number, axis: number): readonly Tie[] {
    return this.to[output]?.[axis] ?? NONE;
  }

  names(input: number, axis: number): boolean {
    return this.named[input]?.[axis] ?? false;
  }
}
