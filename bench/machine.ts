/** What else the machine is doing: a benchmark beside other programs measures those. */
import { cpus } from "node:os";

/** Processor time of all programs since the start of the machine, in milliseconds. */
const busy = (): number => cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);

/** Cores that *other* programs used on average while `work` ran; only this process may do work of the benchmark. */
export async function othersDuring<T>(work: () => Promise<T>): Promise<{ result: T; cores: number }> {
  const start = performance.now();
  const all = busy();
  const own = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(own);
  const cores = (busy() - all - (user + system) / 1000) / (performance.now() - start);
  return { result, cores: Math.max(0, cores) };
}
