/** A thread of a worker process that says, however busy the others are, how much the running case has used so far. */
import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import { type Pulse, SHARED } from "./protocol.ts";

const { slots, descriptor } = workerData as { slots: SharedArrayBuffer; descriptor: number };
const state = new Float64Array(slots);
const EVERY_MS = 100;

setInterval(() => {
  const { user, system } = process.cpuUsage();
  const pulse: Pulse = {
    index: state[SHARED.index],
    processorMs: (user + system) / 1000 - state[SHARED.startMs],
    residentMb: process.memoryUsage.rss() / 2 ** 20,
  };
  try {
    writeSync(descriptor, `${JSON.stringify(pulse)}\n`);
  } catch {
    process.kill(process.pid, "SIGKILL"); // nobody listens any more: a case that hangs must not outlive its campaign
  }
}, EVERY_MS);
