/** All suites of the campaign, in the order of its table. */
import type { Suite } from "../suite.ts";
import { differForward } from "./differ-forward.ts";
import { differGradients } from "./differ-gradients.ts";
import { differShapes } from "./differ-shapes.ts";
import { diskFull } from "./disk-full.ts";
import { fuzzCheckpoint } from "./fuzz-checkpoint.ts";
import { fuzzConfig } from "./fuzz-config.ts";
import { fuzzData } from "./fuzz-data.ts";
import { fuzzGroups } from "./fuzz-groups.ts";
import { fuzzRead } from "./fuzz-read.ts";
import { fuzzShrink } from "./fuzz-shrink.ts";
import { fuzzTables } from "./fuzz-tables.ts";
import { kill } from "./kill.ts";
import { misuseCall } from "./misuse-call.ts";
import { misuseCommand } from "./misuse-command.ts";
import { signals } from "./signals.ts";

export const suites: readonly Suite[] = [
  kill,
  signals,
  diskFull,
  fuzzRead,
  fuzzGroups,
  fuzzShrink,
  fuzzCheckpoint,
  fuzzConfig,
  fuzzData,
  fuzzTables,
  misuseCommand,
  misuseCall,
  differShapes,
  differForward,
  differGradients,
];
