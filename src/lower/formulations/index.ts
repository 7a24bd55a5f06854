/** Every pattern's formulations beside the plain one. The first that applies and is preferred is taken, unless a plan says otherwise. */
import type { MeaningName } from "../../graph/meanings.ts";
import type { Pattern } from "../pattern.ts";
import { convByBlocks, inputByBlocks } from "./blocks.ts";
import {
  convByRows,
  inputByFlippedConv,
  inputByRows,
  weightByColumns,
  weightByHalves,
  weightByRows,
  weightByTallProduct,
} from "./convolution.ts";
import { inputBySpreading, weightByBlocks } from "./depthwise.ts";
import { flushedByShrink, reluByMask } from "./elementwise.ts";
import { putBackByGather, putBackByMatrix } from "./movement.ts";
import { dotByGroups, sumByNormalization } from "./normalization.ts";
import { averageByTiles, maxByTiles } from "./pooling.ts";

export const patterns: { readonly [K in MeaningName]: Pattern<K> } = {
  AveragePoolGradient: { tiles: averageByTiles },
  ChannelDot: { groups: dotByGroups },
  ChannelSum: { normalization: sumByNormalization },
  Conv: { rows: convByRows, blocks: convByBlocks },
  ConvInputGradient: {
    rows: inputByRows,
    blocks: inputByBlocks,
    spreading: inputBySpreading,
    flipped: inputByFlippedConv,
  },
  ConvWeightGradient: {
    blocks: weightByBlocks,
    tall: weightByTallProduct,
    rows: weightByRows,
    halves: weightByHalves,
    columns: weightByColumns,
  },
  Flushed: { shrink: flushedByShrink },
  MaxPoolGradient: { tiles: maxByTiles },
  PutBack: { gather: putBackByGather, matrix: putBackByMatrix },
  ReluGradient: { mask: reluByMask },
};
