/**
 * A sweep through a real Redis and a real PostgreSQL: workers that are killed, a Redis that is, and the bytes of a sweep on one machine.
 * ESPALIER_TRIALS=200 npx vitest run --project pipeline test/sweep-queue.test.ts makes so many trials and says how often it killed.
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";
import { serverOf } from "./support/servers.ts";
import { metricsOf, sweepOutcomes } from "./support/sweep-outcomes.ts";

const { espalier, at } = commandLine();
const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const redis = serverOf("redis");
const postgresql = serverOf("postgresql");
const left = (server: unknown) => (server ? "" : " — left out: it is not here, see scripts/servers.mjs");

const started = new Set<ChildProcess>();
afterEach(() => {
  for (const child of started) child.kill("SIGKILL");
});
function worker(queue: string): ChildProcess {
  const child = spawn(process.execPath, [main, "worker", "--queue", queue], { cwd: at(), stdio: "ignore" });
  started.add(child);
  child.on("exit", () => started.delete(child));
  return child;
}

const sweepOf = (trials: number) => `model: logistic
data: digits
limit-train: 200
epochs: 3
threads: 1
groups: input-channel
search: random
trials: ${trials}
objectives: [accuracy, params]
stopping: { first: 1, factor: 4 }
space: { lambda: { from: 1e-3, to: 0.1, log: true }, optimizer: [rmda, prox-sgd] }
`;

const TRIALS = Number(process.env["ESPALIER_TRIALS"] ?? 12);
/** Between two kills: milliseconds, and epochs that the workers trained, since on a slow machine they would else never come to one. */
const PAUSE = 2000;
const EPOCHS = 6;

/** Epochs that all trials have trained. */
async function epochsIn(trials: string): Promise<number> {
  const folders = existsSync(trials) ? await readdir(trials) : [];
  const counts = folders.map(async (key) => (await metricsOf(join(trials, key))).length);
  return (await Promise.all(counts)).reduce((a, b) => a + b, 0);
}

test.skipIf(!redis)(
  `${TRIALS} trials through Redis: workers are killed again and again, Redis twice${left(redis)}`,
  async () => {
    await writeFile(at("sweep.yaml"), sweepOf(TRIALS));
    const began = performance.now();
    const seconds = () => (performance.now() - began) / 1000;
    const undisturbed = espalier("sweep", "--config", "sweep.yaml", "--out", "alone", "--parallel", "2").then(
      (ran) => ({
        ...ran,
        took: seconds(),
      }),
    );

    const { folder, port } = await redis!.start();
    const queue = `redis://127.0.0.1:${port}`;
    const workers = [worker(queue), worker(queue), worker(queue)];
    let over = false;
    const sweep = espalier("sweep", "--config", "sweep.yaml", "--out", "shared", "--queue", queue).finally(() => {
      over = true;
    });
    let kills = 0;
    const killWorker = () => {
      const place = kills++ % workers.length;
      workers[place].kill("SIGKILL");
      workers[place] = worker(queue);
    };
    /** Redis as well, once so many epochs are trained: the first time it forgets everything. */
    const restarts = [TRIALS / 3, TRIALS];
    const killRedis = async () => {
      process.kill(await redis!.pid("redis.pid"), "SIGKILL");
      if (restarts.length === 2) await rm(`${folder}/appendonlydir`, { recursive: true });
      restarts.shift();
      await redis!.start();
    };
    for (let last = { at: performance.now(), trained: 0 }; !over; await delay(250)) {
      const trained = await epochsIn(at("shared/trials"));
      if (restarts.length > 0 && trained >= restarts[0]) await killRedis();
      if (performance.now() - last.at < PAUSE || trained < last.trained + EPOCHS) continue;
      killWorker();
      last = { at: performance.now(), trained };
    }
    const disturbed = { ...(await sweep), took: seconds() };
    const alone = await undisturbed;
    for (const { status, stderr } of [alone, disturbed]) expect(status, stderr).toBe(0);
    expect(kills).toBeGreaterThan(0);
    expect(restarts).toEqual([]);
    expect(await sweepOutcomes(at("shared"))).toEqual(await sweepOutcomes(at("alone")));
    console.log(
      `${TRIALS} trials, both sweeps at once: undisturbed ${alone.took.toFixed(0)} s; ${disturbed.took.toFixed(0)} s with ${kills} workers killed and two restarts of Redis`,
    );
  },
  Math.max(600, 20 * TRIALS) * 1000,
);

test.skipIf(!postgresql)(
  `trials through PostgreSQL, and a worker that is killed${left(postgresql)}`,
  async () => {
    await writeFile(at("few.yaml"), sweepOf(4));
    const alone = await espalier("sweep", "--config", "few.yaml", "--out", "few", "--parallel", "2");
    expect(alone.status, alone.stderr).toBe(0);
    const queue = `postgres://espalier@127.0.0.1:${(await postgresql!.start()).port}/trials`;
    const first = worker(queue);
    const sweep = espalier("sweep", "--config", "few.yaml", "--out", "by-postgres", "--queue", queue);
    while (!existsSync(at("by-postgres/trials"))) await delay(100);
    first.kill("SIGKILL");
    worker(queue);
    const { status, stderr } = await sweep;
    expect(status, stderr).toBe(0);
    expect(await sweepOutcomes(at("by-postgres"))).toEqual(await sweepOutcomes(at("few")));
  },
  600_000,
);

test("a trial that is asked for twice goes as far as it was asked to, and no further", async () => {
  const child = fork(fileURLToPath(new URL("../dist/cli/trial-main.js", import.meta.url)), { cwd: at() });
  started.add(child);
  const settings = { model: "lenet5-small", data: "digits", limitTrain: 200, epochs: 3, threads: 1, lambda: 1e-3 };
  for (const until of [1, 1, 2]) {
    const ended = new Promise((resolve) => {
      child.on("message", (said: { type: string }) => {
        if (said.type === "ended" || said.type === "failed") resolve(said);
      });
    });
    child.send({ type: "trial", settings, out: "twice", until });
    expect(await ended).toEqual({ type: "ended", outcome: "done" });
    expect((await metricsOf(at("twice"))).length).toBe(until);
  }
});

test("an address that is none is refused, and what is not installed is said", async () => {
  const { status, stderr } = await espalier("worker", "--queue", "localhost");
  expect([status, stderr]).toEqual([2, expect.stringMatching(/no such queue[\s\S]*redis:\/\/HOST:PORT/)]);
  expect((await espalier("worker")).stderr).toContain("a worker wants a queue");
});
