/** Every pattern's formulations beside the plain one. The first that applies and is preferred is taken, unless a plan says otherwise. */
import type { MeaningName } from "../../graph/meanings.ts";
import type { Pattern } from "../pattern.ts";
import { convByBlocks, inputByBlocks } from "./blocks.ts";
import { bySamples, halfTaps } from "./by-samples.ts";
import { convByChannels, inputByChannels, weightByChannels } from "./channels.ts";
import {
  convByRows,
  inputByFlippedConv,
  inputByRows,
  sumByColumns,
  sumByHalves,
  sumByRows,
  sumByTallProduct,
  weightByColumns,
  weightByHalves,
  weightByRows,
  weightByTallProduct,
} from "./convolution.ts";
import { inputBySpreading, weightByBlocks } from "./depthwise.ts";
import { cubeRootByLogarithm, reluByMask } from "./elementwise.ts";
import { weightByLines, weightByLinesOfSamples } from "./lines.ts";
import { putBackByGather, putBackByMatrix } from "./movement.ts";
import { dotByGroups, sumByNormalization } from "./normalization.ts";
import { weightByGathering } from "./pointwise.ts";
import { averageByTiles, maxByTiles } from "./pooling.ts";

export const patterns: { readonly [K in MeaningName]: Pattern<K> } = {
  AveragePoolGradient: { tiles: averageByTiles },
  ChannelDot: { groups: dotByGroups },
  ChannelSum: { normalization: sumByNormalization },
  Conv: { channels: convByChannels, rows: convByRows, blocks: convByBlocks },
  ConvInputGradient: {
    channels: inputByChannels,
    rows: inputByRows,
    blocks: inputByBlocks,
    spreading: inputBySpreading,
    flipped: inputByFlippedConv,
  },
  ConvWeightGradient: {
    blocks: weightByBlocks,
    channels: weightByChannels,
    gathered: weightByGathering,
    linesBySamples: weightByLinesOfSamples,
    lines: weightByLines,
    tallBySamples: bySamples(weightByTallProduct, sumByTallProduct),
    tall: weightByTallProduct,
    rowsBySamples: bySamples(weightByRows, sumByRows),
    rows: weightByRows,
    halvesBySamples: bySamples(weightByHalves, sumByHalves, halfTaps),
    halves: weightByHalves,
    columnsBySamples: bySamples(weightByColumns, sumByColumns),
    columns: weightByColumns,
  },
  CubeRoot: { logarithm: cubeRootByLogarithm },
  MaxPoolGradient: { tiles: maxByTiles },
  PutBack: { gather: putBackByGather, matrix: putBackByMatrix },
  ReluGradient: { mask: reluByMask },
};
