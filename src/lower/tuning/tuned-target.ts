/** For what an engine's graphs are lowered: what the device is, what its processor has, and what was tuned. */
import type { Engine } from "../../engine/engine.ts";
import type { Graph } from "../../graph/types.ts";
import type { FormulationPlan } from "../lower.ts";
import { patternOf, sitesOf } from "../sites.ts";
import { type Target, targetOf } from "../target.ts";
import { blockOf } from "./probe-block.ts";
import type { Tuning } from "./tuning.ts";

/** Whether the graph has something that may be computed on blocks. Only then are they probed. */
const wantsBlocks = (graph: Graph, target: Target): boolean =>
  sitesOf(graph).some((site) =>
    Object.values(patternOf(site)).some((f) => f.onBlocks && f.applies?.(site, { ...target, block: LEAST_BLOCK })),
  );

/** What fits larger blocks fits these too. */
const LEAST_BLOCK = 8;

/**
 * The target of an engine for a graph, and the plan, by what was tuned. Without a tuning the processor's blocks are probed, so that two
 * runs on a machine compute alike.
 */
export async function tunedTarget(
  engine: Engine,
  graph: Graph,
  tuning?: Tuning,
): Promise<{ readonly target: Target; readonly plan: FormulationPlan }> {
  const target = targetOf(engine);
  const block = tuning ? (tuning.block ?? undefined) : wantsBlocks(graph, target) ? await blockOf(engine) : undefined;
  return { target: { ...target, ...(block !== undefined && { block }) }, plan: tuning?.plan ?? {} };
}
