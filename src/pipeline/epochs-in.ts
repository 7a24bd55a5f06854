/** The course of a run that may be under way. */
import type { EpochMetrics } from "../report/results.ts";
import { epochMetrics } from "../train/record.ts";
import { FILES } from "../train/run-files.ts";
import type { Store } from "../train/store.ts";

/** The lines of metrics.jsonl up to one that is cut off or damaged: whoever looks at a run can do with fewer. */
export async function epochsIn(store: Store): Promise<EpochMetrics[]> {
  const bytes = await store.read(FILES.metrics);
  const epochs: EpochMetrics[] = [];
  for (const line of new TextDecoder().decode(bytes).split("\n").filter(Boolean)) {
    try {
      epochs.push(epochMetrics.parse(JSON.parse(line)));
    } catch {
      break;
    }
  }
  return epochs;
}
