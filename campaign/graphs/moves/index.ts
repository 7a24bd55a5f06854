/** The steps of which random networks are made. */
import { convolutionMoves } from "./convolution.ts";
import { elementwiseMoves } from "./elementwise.ts";
import { linearMoves } from "./linear.ts";
import type { NetMove, NetMoves } from "./move.ts";
import { movementMoves } from "./movement.ts";
import { normalizationMoves } from "./normalization.ts";
import { recurrentMoves } from "./recurrent.ts";
import { reductionMoves } from "./reduction.ts";
import { samplingMoves } from "./sampling.ts";
import { selectionMoves } from "./selection.ts";

/** NetMoves that belong together, and how often one of them is taken. */
const families: readonly (readonly [NetMoves, share: number])[] = [
  [elementwiseMoves, 24],
  [linearMoves, 14],
  [convolutionMoves, 16],
  [normalizationMoves, 10],
  [reductionMoves, 10],
  [movementMoves, 12],
  [selectionMoves, 6],
  [recurrentMoves, 5],
  [samplingMoves, 3],
];

/** All moves, each family as often as its share says. What they compute hardly moves when the inputs do: two runtimes may be compared. */
export const moves: readonly (readonly NetMove[])[] = families.flatMap(([family, share]) =>
  Array<NetMove[]>(share).fill(Object.values(family)),
);
