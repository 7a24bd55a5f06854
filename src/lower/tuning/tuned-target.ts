/** For what an engine's graphs are lowered: what the device is, what its processor has, and what was tuned. */
import type { Engine } from "../../engine/engine.ts";
import type { Graph } from "../../graph/types.ts";
import type { FormulationPlan } from "../lower.ts";
import type { Formulation, Site } from "../pattern.ts";
import { patternOf, sitesOf } from "../sites.ts";
import { type Target, targetOf, withBlock } from "../target.ts";
import { blockOf } from "./probe-block.ts";
import type { Tuning } from "./tuning.ts";

/** Whether blocks are probed: the graph has something that may be computed on them, or in another way where they are of another size. */
function wantsBlocks(graph: Graph, target: Target): boolean {
  const [least, most] = [LEAST_BLOCK, MOST_BLOCK].map((block) => withBlock(target, block));
  const isOther = (site: Site, f: Formulation): boolean =>
    f.preferred?.(site, least.thresholds!) !== f.preferred?.(site, most.thresholds!);
  return sitesOf(graph).some((site) =>
    Object.values(patternOf(site)).some(
      (f) => f.applies?.(site, least) !== false && (f.onBlocks || (target.thresholds && isOther(site, f))),
    ),
  );
}

/** What fits larger blocks fits these too. */
const LEAST_BLOCK = 8;
const MOST_BLOCK = 16;

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
  return { target: withBlock(target, block), plan: tuning?.plan ?? {} };
}
