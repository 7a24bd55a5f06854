/** One rank, or the only process, of bench/ranks.ts: times steps, or messages of several sizes. Rank 0 prints one line of JSON. */

import { median } from "../src/math/statistics.ts";
import { builtIns } from "../src/models/index.ts";
import { mpi } from "../src/node/mpi/mpi.ts";
import { timedMethods } from "./method.ts";
import { ours } from "./ours.ts";

/** What it is told, as JSON. */
export interface RankTask {
  /** Steps of these models; none: messages of these sizes. */
  readonly models: readonly string[];
  /** Bytes. */
  readonly messages: readonly number[];
  readonly batch: number;
  readonly threads: number;
  readonly alone: boolean;
}

/** What it prints. */
export interface RankTimes {
  readonly ranks: number;
  /** Milliseconds per step by model. */
  readonly steps: Readonly<Record<string, number>>;
  /** Milliseconds per sum by bytes. */
  readonly messages: readonly { readonly bytes: number; readonly ms: number }[];
}

const STEP_MS = 2000;
const REPEATS = 11;

const task = JSON.parse(process.argv[2]) as RankTask;
const communicator = task.alone ? undefined : await mpi();

/** All ranks take as many steps as rank 0 says. */
async function agreed(n: number): Promise<number> {
  if (!communicator) return n;
  const bytes = await communicator.broadcast(new Uint8Array(Float64Array.of(n).buffer));
  return new Float64Array(bytes.slice().buffer)[0];
}

const steps: Record<string, number> = {};
for (const model of task.models.filter((name) => builtIns.has(name))) {
  const side = await ours({ ...task, model, method: "sgd", communicator }, timedMethods["sgd"]);
  await side.steps(1);
  const { ms } = await side.steps(1);
  steps[model] = (await side.steps(await agreed(Math.max(2, Math.round(STEP_MS / ms))))).ms;
  await side.close();
}
const messages: { bytes: number; ms: number }[] = [];
if (communicator)
  for (const bytes of task.messages) {
    const data = new Float32Array(Math.ceil(bytes / 4));
    const times: number[] = [];
    for (let i = 0; i < REPEATS; i++) {
      const begun = performance.now();
      await communicator.allreduce(data);
      times.push(performance.now() - begun);
    }
    messages.push({ bytes: data.byteLength, ms: median(times) });
  }
if (!communicator || communicator.rank === 0)
  console.log(JSON.stringify({ ranks: communicator?.size ?? 1, steps, messages } satisfies RankTimes));
await communicator?.finalize();
