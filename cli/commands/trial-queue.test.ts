/** Trials through a queue in memory: whose answer is whose, and a queue that refuses. */
import { expect, test } from "vitest";
import { TrialFailure } from "./trial-child.ts";
import { type OpenQueue, queuedTrials } from "./trial-queue.ts";

/** A queue whose workers answer everything with this. */
function queueOf(answer: object, refuse: () => boolean = () => false) {
  const jobs = new Map<string, object>();
  const queue: OpenQueue = {
    async add(_, data, options) {
      if (refuse()) throw new Error("connection lost");
      if ("jobId" in options && typeof options.jobId === "string") jobs.set(options.jobId, data);
    },
    async getJob(id) {
      if (refuse()) throw new Error("connection lost");
      const remove = async () => void jobs.delete(id);
      return jobs.has(id) ? { returnvalue: answer, getState: async () => "completed", remove } : undefined;
    },
    on: () => undefined,
    close: async () => {},
  };
  return { queue, jobs };
}
const order = (out: string) => ({ type: "trial", settings: {}, out, until: 1 }) as const;
const alone = new AbortController().signal;
/** Open until it has been looked at so often. */
const openFor = (looks: number) => async () => looks-- > 0;

test("two sweeps, and two calls of one, share no job; a failure is the trial's", async () => {
  const { queue, jobs } = queueOf({});
  for (const out of ["/a/trials/f0", "/b/trials/f0", "/a/trials/f0"])
    expect(await queuedTrials(queue, () => {}, 1).make(order(out), alone, openFor(1))).toBe(true);
  expect(jobs.size).toBe(3);
  for (const id of jobs.keys()) expect(id).toMatch(/^f0-1-[0-9a-f]{16}$/);
  const failing = queueOf({ failed: "it diverged" });
  const asked = queuedTrials(failing.queue, () => {}, 1).make(order("/a/trials/f0"), alone, async () => true);
  await expect(asked).rejects.toEqual(new TrialFailure("it diverged"));
  expect(failing.jobs.size).toBe(0);
});

test("what the queue refuses is said once and asked for again", async () => {
  let refusals = 3;
  const { queue, jobs } = queueOf({}, () => refusals-- > 0);
  const said: string[] = [];
  expect(await queuedTrials(queue, (line) => said.push(line), 1).make(order("/a/trials/f0"), alone, openFor(4))).toBe(
    true,
  );
  expect(said).toEqual(["the queue: connection lost"]);
  expect(jobs.size).toBe(1);
});
