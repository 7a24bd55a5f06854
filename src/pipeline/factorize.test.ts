import { expect, test } from "vitest";
import { node } from "../engine/node.ts";
import { compose } from "../lowrank/compose.ts";
import { fcn } from "../models/fcn.ts";
import { memory } from "../train/memory.ts";
import { FINE_TUNING, RANKS } from "../train/run-files.ts";
import type { RankEvent } from "./events.ts";
import { factorize } from "./factorize.ts";
import type { RankRule } from "./ranks.ts";

const engine = node({ threads: 1 });
const whole = fcn({ depth: 3, width: 12, seed: 1 });
const { model } = compose(whole, { factors: 2, freeze: ["fc3.weight"] });

test("a composed model is composed back; every layer is truncated but what is frozen, which is said", async () => {
  const events: RankEvent[] = [];
  const rank: RankRule = { rule: "local", keep: 0.25 };
  const found = await factorize(model, { engine, rank, freeze: ["fc3.weight"], onEvent: (e) => events.push(e) });
  expect(events).toMatchObject([
    { type: "composedBack" },
    { type: "leftAlone", weight: "fc3.weight" },
    { type: "choosing", rule: "local", saved: false },
  ]);
  expect(found.composedBack!.agree).toBe(true);
  expect([...found.ranks]).toEqual([
    ["fc1.weight", 3],
    ["fc2.weight", 3],
  ]);
  expect(found.whole.graph.initializers.size).toBe(whole.graph.initializers.size);
});

test("ranks that a store keeps are gone on with by the same rule; another rule chooses anew and clears what they led to", async () => {
  const store = memory();
  const chosen = async (rank: RankRule) => {
    const events: RankEvent[] = [];
    const { ranks } = await factorize(whole, { engine, rank, store, onEvent: (e) => events.push(e) });
    return { ranks: [...ranks.values()], saved: events.some((e) => e.type === "choosing" && e.saved) };
  };
  const first = await chosen({ rule: "global", keep: 0.3 });
  expect(first.saved).toBe(false);
  await store.within(FINE_TUNING).write("checkpoint.safetensors", new Uint8Array(1));
  expect(await chosen({ rule: "global", keep: 0.3 })).toEqual({ ranks: first.ranks, saved: true });
  expect(await store.list()).toEqual([RANKS, FINE_TUNING]);
  expect((await chosen({ rule: "local", keep: 0.5 })).saved).toBe(false);
  expect(await store.list()).toEqual([RANKS]);
  await store.write(RANKS, new Uint8Array([1, 2, 3]));
  expect(await chosen({ rule: "local", keep: 0.5 })).toEqual({ ranks: [6, 6, 5], saved: false });
});

test("no layer that gets smaller is said; the iterative rule wants data", async () => {
  const events: RankEvent[] = [];
  await factorize(whole, { engine, rank: { rule: "local", keep: 1 }, onEvent: (e) => events.push(e) });
  expect(events.at(-1)).toEqual({ type: "nothingSplit", rule: "local", composed: false });
  await expect(factorize(whole, { engine, rank: { rule: "iterative" } })).rejects.toThrow("judges by accuracy");
});
