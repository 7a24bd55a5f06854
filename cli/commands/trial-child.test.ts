/** Trials of a process that is none: who waits for whom, and what is a failure of the trial. */
import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { TrialChild, TrialFailure, type TrialProcess, type TrialReport } from "./trial-child.ts";

/** A process that answers each order with the next of these, and the last one again and again. */
function answering(...reports: (TrialReport | "dies")[]) {
  let asked = 0;
  const start = (): TrialProcess => {
    const events = new EventEmitter();
    const send = () => {
      const report = reports[Math.min(asked++, reports.length - 1)];
      queueMicrotask(() => (report === "dies" ? events.emit("exit", null, "SIGKILL") : events.emit("message", report)));
      return true;
    };
    return Object.assign(events, { connected: true, disconnect() {}, send });
  };
  return { child: new TrialChild(start, 1), asked: () => asked };
}

const order = { type: "trial", settings: {}, out: "trials/a1" } as const;
const failed = (code: string): TrialReport => ({ type: "failed", code, message: `${code}, it said` });
const done: TrialReport = { type: "ended", outcome: "done" };
const alone = new AbortController().signal;

const made = (child: TrialChild, signal = alone, isOpen?: () => Promise<boolean>): Promise<unknown> =>
  child.make(order, signal, () => {}, isOpen).catch((error: unknown) => error);

test("a trial that somebody else trains for long is waited for, and is no failure", async () => {
  const { child, asked } = answering(...Array.from({ length: 450 }, () => failed("locked")), done);
  expect(await made(child)).toBe(true);
  expect(asked()).toBe(451);
});

test("the wait ends when the other has done it, and with a stop", async () => {
  let looks = 0;
  expect(await made(answering(failed("locked")).child, alone, async () => ++looks < 5)).toBe(true);
  expect(looks).toBe(5);
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 10);
  expect(await made(answering(failed("locked")).child, stop.signal)).toBe(false);
});

test("its own error and a process that dies again and again are its failure; what the disk refuses is not", async () => {
  expect(await made(answering(failed("diverged")).child)).toEqual(new TrialFailure("diverged, it said"));
  const killed = await made(answering("dies").child);
  expect(killed).toBeInstanceOf(TrialFailure);
  expect(String(killed)).toMatch(/died[\s\S]+SIGKILL[\s\S]+--resume/);
  expect(await made(answering("dies", "dies", done).child)).toBe(true);
  const full = await made(answering(failed("disk")).child);
  expect(full).toMatchObject({ code: "system", details: { reason: "disk, it said" } });
  expect(full).not.toBeInstanceOf(TrialFailure);
});
