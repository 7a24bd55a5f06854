/** From training to summary, certificate and report, through the library alone, with the files in memory. */
import { beforeAll, describe, expect, test } from "vitest";
import { digits } from "../data/digits.ts";
import { node } from "../engine/node.ts";
import type { Model } from "../graph/types.ts";
import { compose } from "../lowrank/compose.ts";
import { factorPatterns } from "../lowrank/factors.ts";
import { fcn } from "../models/fcn.ts";
import { read } from "../onnx/read.ts";
import { proxSgd } from "../optim/prox-sgd.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { prove } from "../proof/prove.ts";
import { groupLasso } from "../prox/group-lasso.ts";
import { verify } from "../shrink/verify.ts";
import { type MemoryStore, memory } from "../train/memory.ts";
import type { Run } from "../train/run.ts";
import { FILES, TRUNCATED } from "../train/run-files.ts";
import type { Store } from "../train/store.ts";
import { train } from "../train/train.ts";
import type { FinishEvent } from "./events.ts";
import { type Finished, finish } from "./finish.ts";
import { savedSummary } from "./summary-file.ts";
import { type TargetEvent, trainToTarget } from "./target.ts";

const engine = node({ threads: 1 });
const data = digits({ train: 300, test: 100, seed: 1 });
const net = () => fcn({ depth: 2, width: 12, seed: 1 });

async function trained(lambda: number, store?: Store): Promise<Run> {
  const run = train(net(), data, {
    engine,
    optimizer: proxSgd({ rho: 0.1 }),
    schedule: constant({ lr: 0.1 }),
    penalty: groupLasso({ lambda }),
    epochs: 2,
    batchSize: 50,
    store,
    resume: true,
  });
  for await (const _ of run);
  return run;
}

/** A store that tells what is written to it and removed from it, in order. */
function watched(store: Store, log: string[]): Store {
  const noted = <A extends unknown[], R>(what: string, act: (name: string, ...rest: A) => R) => {
    return (name: string, ...rest: A): R => {
      log.push(`${what} ${name}`);
      return act(name, ...rest);
    };
  };
  return { ...store, write: noted("write", store.write), remove: noted("remove", store.remove) };
}
const json = (store: MemoryStore, name: string) => JSON.parse(new TextDecoder().decode(store.files.get(name)));

describe("train, then finish", () => {
  const store = memory();
  const log: string[] = [];
  let done: Finished;
  beforeAll(async () => {
    const run = await trained(0.15, store);
    await store.write(FILES.summary, new TextEncoder().encode("of a run before"));
    done = await finish(run, { store: watched(store, log), environment: { made: "here" } });
  }, 120_000);

  test("the store has all that a run directory has", () => {
    expect([...store.files.keys()].sort()).toEqual(Object.values(FILES).sort());
    expect(json(store, FILES.run)).toMatchObject({
      config: { data: "digits", optimizer: { name: "proxSgd", rho: 0.1 }, penalty: { lambda: 0.15 }, epochs: 2 },
      environment: { made: "here" },
    });
    expect(new TextDecoder().decode(store.files.get(FILES.report))).toContain("fcn on digits");
  });

  test("the small model is smaller, computes the same, and its certificate holds", async () => {
    const { full, small, certificate, summary } = done;
    expect(summary.params.after).toBeLessThan(summary.params.before);
    expect(summary.groupSparsity).toBeGreaterThan(0);
    expect(summary.smallAccuracy).toBe(summary.accuracy);
    expect(await verify(full, small, { engine })).toMatchObject({ agree: true });
    expect(await prove(full, certificate, { small })).toMatchObject({ holds: true });
    expect(read(store.files.get(FILES.small)!).graph.initializers.size).toBe(small.graph.initializers.size);
    expect(json(store, FILES.certificate)).toEqual(JSON.parse(JSON.stringify(certificate)));
  });

  test("its summary is read back; one that is damaged counts as none", async () => {
    expect(await savedSummary(store)).toEqual(done.summary);
    const damaged = memory();
    expect(await savedSummary(damaged)).toBeUndefined();
    await damaged.write(FILES.summary, store.files.get(FILES.summary)!.slice(0, 40));
    expect(await savedSummary(damaged)).toBeUndefined();
  });

  test("an old mark of being finished goes first, and the new one comes last", () => {
    expect([log[0], log.at(-1)]).toEqual([`remove ${FILES.summary}`, `write ${FILES.summary}`]);
  });

  test("a run that is overwritten loses its results before its first step", async () => {
    const stop = new AbortController();
    const run = train(net(), data, {
      engine,
      optimizer: sgd(),
      schedule: constant({ lr: 0.1 }),
      epochs: 1,
      store,
      overwrite: true,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    for await (const _ of run);
    expect([...store.files.keys()].sort()).toEqual([FILES.checkpoint, FILES.metrics]);
  });

  test("a run that was not trained to its end is refused", async () => {
    const run = train(net(), data, { engine, optimizer: sgd(), schedule: constant({ lr: 0.1 }), epochs: 1 });
    await expect(finish(run)).rejects.toThrow("the run is not finished");
  });
});

test("a composed model is composed back, truncated, trained on and shrunk, and says so; without a store nothing is written", async () => {
  const run = train(compose(net(), { factors: 2 }).model, data, {
    engine,
    optimizer: sgd({ weightDecay: 1e-3 }),
    schedule: constant({ lr: 0.05 }),
    epochs: 1,
  });
  for await (const _ of run);
  const events: FinishEvent[] = [];
  const { full, truncated, small, summary, report } = await finish(run, {
    rank: { rule: "global", keep: 0.3 },
    fineTune: 1,
    title: "mine",
    onEvent: (e) => events.push(e),
  });
  expect(events.map((e) => e.type)).toEqual(["composedBack", "choosing", "fineTuned", "shrinking", "measuring"]);
  expect(summary.lowRank).toMatchObject({ rule: "global", factors: 2, fineTuned: 1 });
  expect(summary.lowRank!.smallRelDiff).toBeGreaterThan(1e-4);
  expect(full.graph.initializers.size).toBe(net().graph.initializers.size);
  expect(await verify(truncated!, small, { engine })).toMatchObject({ agree: true });
  expect(report.title).toBe("mine");
});

test("finished again without truncation, nothing of the truncated model is left", async () => {
  const store = memory();
  const run = await trained(0.01, store);
  await finish(run, { rank: { rule: "local", keep: 0.3 } });
  expect(store.files.has(TRUNCATED)).toBe(true);
  const { truncated } = await finish(run);
  expect([truncated, store.files.has(TRUNCATED)]).toEqual([undefined, false]);
});

test("finished again with other epochs of fine-tuning, it is fine-tuned afresh", async () => {
  const store = memory();
  const run = await trained(0.01, store);
  const tuned = async (fineTune: number) => {
    const epochs: number[] = [];
    const onEvent = (e: FinishEvent) => e.type === "fineTuned" && epochs.push(e.metrics.epoch);
    const { summary } = await finish(run, { rank: { rule: "local", keep: 0.3 }, fineTune, onEvent });
    return [summary.lowRank!.fineTuned, epochs];
  };
  expect(await tuned(1)).toEqual([1, [1]]);
  expect(await tuned(2)).toEqual([2, [1, 2]]);
  expect(await tuned(2)).toEqual([2, []]); // nothing to train
});

test.each([false, true])(
  "what trainOnly leaves out stays through truncation and the training behind it; composed %s",
  async (composed) => {
    const [first, ...others] = [...net().graph.initializers].filter(([v]) => v.shape.length > 1).map(([v]) => v.name);
    const model = composed ? compose(net(), { factors: 2, freeze: others }).model : net();
    const trainOnly = factorPatterns(model, [first]);
    const options = { engine, optimizer: sgd(), schedule: constant({ lr: 0.05 }), epochs: 1, trainOnly };
    const run = train(model, data, options);
    for await (const _ of run);
    const { truncated, summary } = await finish(run, { rank: { rule: "local", keep: 0.3 }, fineTune: 1 });
    expect(summary.lowRank!.layers.map((l) => l.weight)).toEqual([first]);
    const stored = (of: Model) => new Map([...of.graph.initializers].map(([v, t]) => [v.name, t.data]));
    const [before, after] = [stored(net()), stored(truncated!)];
    const left = [...before.keys()].filter((name) => name !== first);
    expect(left.length).toBeGreaterThan(others.length);
    for (const name of left) expect(after.get(name)).toEqual(before.get(name));
  },
);

test("a signal that is aborted before shrinking stops it, and nothing is written", async () => {
  const [store, stop] = [memory(), new AbortController()];
  const settings = { engine, optimizer: sgd(), schedule: constant({ lr: 0.1 }), epochs: 1, signal: stop.signal };
  const run = train(net(), data, settings);
  for await (const _ of run) stop.abort();
  expect(run.finished).toBe(true);
  await expect(finish(run, { store })).rejects.toBe(stop.signal.reason);
  expect(store.files.size).toBe(0);
});

describe("a search for λ", () => {
  test("trials keep their checkpoints; the chosen run's are the store's; started again it trains nothing", async () => {
    const store = memory();
    const search = async () => {
      const events: TargetEvent[] = [];
      const options = { target: 0.4, start: 0.01, tolerance: 0.3, maxTrials: 3, store };
      const found = await trainToTarget(trained, { ...options, onEvent: (e) => events.push(e) });
      return { ...found!, events };
    };
    const { run, lambda, trials, events } = await search();
    expect(trials[0].lambda).toBe(lambda);
    expect(events.filter((e) => e.type === "trial")).toHaveLength(trials.length);
    expect(events.at(-1)).toMatchObject({ type: "chosen", lambda, kept: trials[0].kept });
    const inner = `trials/${lambda.toPrecision(4)}/`;
    expect(store.files.get(FILES.checkpoint)).toEqual(store.files.get(inner + FILES.checkpoint));
    expect(run.history.at(-1)).toMatchObject({ epoch: 2 });

    const before = new Map([...store.files].filter(([name]) => name.endsWith(FILES.checkpoint)));
    expect((await search()).trials).toEqual(trials);
    for (const [name, bytes] of before) expect(store.files.get(name)).toEqual(bytes);
  });

  test("a trial that was stopped ends it without a run", async () => {
    const stop = new AbortController();
    const found = await trainToTarget(
      async (lambda, store) => {
        const run = train(net(), data, {
          engine,
          optimizer: proxSgd(),
          schedule: constant({ lr: 0.1 }),
          penalty: groupLasso({ lambda }),
          epochs: 2,
          store,
          signal: stop.signal,
          onProgress: () => stop.abort(),
        });
        for await (const _ of run);
        return run;
      },
      { target: 0.4 },
    );
    expect(found).toBeUndefined();
  });
});
