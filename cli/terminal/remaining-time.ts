/** How long the rest of several runs will take, from those that ended. */

export interface RunTime {
  readonly method: string;
  readonly seconds: number;
  readonly failed: boolean;
}

/**
 * A run takes as long as its method's runs did, else as long as the finished ones of all methods.
 * @param left the method of each run to come
 * @returns undefined while nothing is known
 */
export function remainingSeconds(ended: readonly RunTime[], left: readonly string[]): number | undefined {
  const finished = ended.filter((r) => !r.failed);
  const all = mean(finished.length > 0 ? finished : ended);
  if (all === undefined) return undefined;
  return left.reduce((sum, method) => sum + (mean(ended.filter((r) => r.method === method)) ?? all), 0);
}

const mean = (runs: readonly RunTime[]): number | undefined =>
  runs.length > 0 ? runs.reduce((sum, r) => sum + r.seconds, 0) / runs.length : undefined;
