/**
 * A process that tries cases, one after the other, as the campaign orders them. It may hang, crash or run out of memory: the
 * campaign watches it from outside, by the pulse that a thread here gives.
 * usage: worker.js MODULE — a module that exports `suites`
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { EspalierError } from "espalier";
import { placeOf } from "./place.ts";
import { type Found, type Order, type Report, SHARED } from "./protocol.ts";
import { randomOf, type Suite, WrongResult } from "./suite.ts";

/** The channel of the pulse, behind standard input, output, error and the messages. */
const PULSE_DESCRIPTOR = 4;

const { suites } = (await import(process.argv[2])) as { readonly suites: readonly Suite[] };
const slots = new SharedArrayBuffer(SHARED.length * Float64Array.BYTES_PER_ELEMENT);
const state = new Float64Array(slots);
state[SHARED.index] = -1;
new Worker(new URL("./pulse.js", import.meta.url), { workerData: { slots, descriptor: PULSE_DESCRIPTOR } }).unref();

const processorMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** What was thrown, as a fault; undefined for what is refused as it should be. */
function faultOf(error: unknown): Found | undefined {
  if (error instanceof EspalierError) return undefined;
  const { message, stack } = error instanceof Error ? error : new Error(`thrown: ${String(error)}`);
  const kind = error instanceof WrongResult ? "difference" : "exception";
  const name = error instanceof Error && kind === "exception" ? `${error.name}: ` : "";
  return { kind, message: `${name}${message}`, place: placeOf(stack), stack };
}

let rejected: unknown[] = [];
process.on("unhandledRejection", (reason) => rejected.push(reason));

async function attempt({
  suite: name,
  seed,
  index,
  folder,
  shared,
}: Order): Promise<Pick<Report, "outcome" | "found">> {
  const suite = suites.find((s) => s.name === name);
  if (!suite) throw new Error(`there is no suite ${name}`);
  rejected = [];
  mkdirSync(folder, { recursive: true });
  const keep = (file: string, content: Uint8Array | string) => writeFileSync(join(folder, file), content);
  let result: Pick<Report, "outcome" | "found">;
  try {
    result = { outcome: (await suite.run({ random: randomOf(seed, name, index), folder, shared, keep })) ?? "done" };
  } catch (error) {
    const found = faultOf(error);
    result = found ? { found } : { outcome: (error as EspalierError).code };
  }
  if (!result.found && rejected.length > 0) {
    const found = faultOf(rejected[0]) ?? faultOf(new Error(`nobody handles: ${(rejected[0] as Error).message}`));
    result = { found };
  }
  if (!result.found) rmSync(folder, { recursive: true, force: true });
  return result;
}

process.on("message", async (order: Order) => {
  const start = processorMs();
  state[SHARED.startMs] = start;
  state[SHARED.index] = order.index;
  const result = await attempt(order);
  state[SHARED.index] = -1;
  const report: Report = {
    index: order.index,
    ...result,
    processorMs: processorMs() - start,
    peakMb: process.resourceUsage().maxRSS / 1024,
    residentMb: process.memoryUsage.rss() / 2 ** 20,
  };
  process.send!(report);
});
process.on("disconnect", () => process.exit());
process.send!("ready");
