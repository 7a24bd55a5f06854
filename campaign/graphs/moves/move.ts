/** What a step of a random network is, and what several of them share. */
import type { Value } from "../../../src/graph/types.ts";
import type { Net } from "../net.ts";

/** Takes one value further, by operators that are legal there. @returns undefined where it cannot be applied */
export type NetMove = (n: Net, x: Value) => Value | undefined;
export type NetMoves = Readonly<Record<string, NetMove>>;

/** Of images [N, C, H, W]. */
export const image =
  (move: NetMove): NetMove =>
  (n, x) =>
    x.shape.length === 4 ? move(n, x) : undefined;

/** Of sequences [N, T, C]. */
export const sequence =
  (move: NetMove): NetMove =>
  (n, x) =>
    x.shape.length === 3 ? move(n, x) : undefined;

/** Of values with so many axes, or more. */
export const atRank =
  (least: number, move: NetMove): NetMove =>
  (n, x) =>
    x.shape.length >= least ? move(n, x) : undefined;

export const divisors = (d: number): number[] => Array.from({ length: d }, (_, i) => i + 1).filter((k) => d % k === 0);

/** A move of its own for each of some operators, under its name. */
export const moveEach = <K extends string>(ops: readonly K[], move: (op: K) => NetMove): NetMoves =>
  Object.fromEntries(ops.map((op) => [op, move(op)]));
