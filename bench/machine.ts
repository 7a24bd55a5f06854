/** What the machine computes with, and what else it is doing: a benchmark beside other programs measures those. */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Engine } from "../src/engine/engine.ts";
import { blockOf } from "../src/lower/tuning/probe-block.ts";

/** Cores that other programs may use before figures mean little. */
export const QUIET = 0.2;

/**
 * A runtime, its version, and which of its vector kernels are in use: those of AVX-512 have blocks of 16 channels, those of AVX2 of 8,
 * whatever the processor is called.
 */
export async function runtimeOf(engine: Engine): Promise<string> {
  const block = await blockOf(engine);
  return `${engine.name} ${engine.version} (${block === undefined ? "no blocked kernels" : `blocks of ${block}`})`;
}

/** Channels of a block where ONNX Runtime computes with AVX2. */
const AVX2_BLOCK = 8;

/** Which vector kernels a runtime computes with, beside what the processor has. */
export interface Kernels {
  readonly avx2: boolean;
  /** The processor has AVX-512, which the runtime was kept from. */
  readonly held: boolean;
}

/** Of an engine on this machine; what a processor has is only known on Linux. */
export async function vectorKernels(engine: Engine): Promise<Kernels> {
  const avx2 = (await blockOf(engine)) === AVX2_BLOCK;
  const has = process.platform === "linux" && /\bavx512f\b/.test(readFileSync("/proc/cpuinfo", "utf8"));
  return { avx2, held: avx2 && has };
}

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

/** Waits until other programs have been quiet for half a second, at most so many seconds, and says so. @returns whether they are */
export async function quiet(limit: number): Promise<boolean> {
  const end = performance.now() + limit * 1000;
  for (let said = false; performance.now() < end; said = true) {
    const { cores } = await othersDuring(() => sleep(500));
    if (cores < QUIET) return true;
    if (!said)
      console.error(`waiting for a quiet machine, at most ${limit} s: other programs use ${cores.toFixed(1)} cores`);
  }
  return false;
}
