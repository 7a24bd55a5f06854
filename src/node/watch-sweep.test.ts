/** The live page of a sweep: what a browser is shown of its trials, on the way and at its end. */
import { expect, test } from "vitest";
import type { SweepResult, SweepRow } from "../report/sweep.ts";
import { watchSweep } from "./watch-sweep.ts";

const trial = (number: number, more: Partial<SweepRow>): SweepRow => ({
  number,
  folder: `trials/${number}`,
  values: { lr: 0.1 * (number + 1), "<b>way</b>": "a&b" },
  state: "waiting",
  epochs: [],
  ...more,
});
const stands = (trials: readonly SweepRow[], complete: boolean): SweepResult => ({
  title: "lenet5 on digits",
  objectives: ["accuracy", "params"],
  planned: 2,
  rungs: [],
  trials,
  front: complete ? [0] : [],
  complete,
  config: {},
  environment: {},
});

test("it shows where the sweep stands, follows it, and goes with it", async () => {
  let now = stands([trial(0, {}), trial(1, {})], false);
  let looks = 0;
  const page = await watchSweep(async () => {
    looks++;
    return now;
  });
  const first = await (await fetch(page.url)).text();
  expect(first).toContain("2 trials: none begun");
  expect(first).toContain("&lt;b&gt;way&lt;/b&gt;");
  expect(first.match(/waiting/g)).toHaveLength(2);
  expect(looks).toBe(2); // nobody follows it yet

  const live = await fetch(`${page.url}live`);
  const reader = live.body!.pipeThrough(new TextDecoderStream()).getReader();
  let heard = "";
  const until = async (text: string) => {
    while (!heard.includes(text)) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`it ended before it said ${text}`);
      heard += value;
    }
  };
  await until("none begun");
  now = stands([trial(0, { state: "begun" }), trial(1, {})], false);
  await until("1 begun");
  now = stands([trial(0, { state: "finished", figures: { accuracy: 0.9, params: 123 } }), trial(1, {})], true);
  const closing = page.close();
  await until("event: over");
  await closing;
  expect(heard).toContain("Pareto front");
  expect(heard).toContain("The sweep is complete.");
  await expect(fetch(page.url)).rejects.toThrow();
});

test("what cannot be read once is read again; the end says it", async () => {
  let broken = false;
  const page = await watchSweep(async () => {
    if (broken) throw new Error("the disk is away");
    return stands([trial(0, {})], false);
  });
  broken = true;
  await expect(page.close()).rejects.toThrow("the disk is away");
  await expect(fetch(page.url)).rejects.toThrow(); // it is gone all the same
  await expect(watchSweep(async () => stands([], false), { port: 70000 })).rejects.toThrow("port is out of range");
});
