import { afterEach, expect, test, vi } from "vitest";
import { backward } from "../../autodiff/backward.ts";
import type { DeviceTensors, Engine } from "../../engine/engine.ts";
import { node } from "../../engine/node.ts";
import { builder } from "../../graph/builder.ts";
import { check } from "../../graph/check.ts";
import type { Graph } from "../../graph/types.ts";
import { withoutUnread } from "../../graph/walk.ts";
import { lower } from "../lower.ts";
import { keyOf } from "../pattern.ts";
import { formulationsOf, sitesOf } from "../sites.ts";
import { blockOf } from "./probe-block.ts";
import { timedOf } from "./trial.ts";
import { isTunedFor, tune } from "./tune.ts";
import { tunedTarget } from "./tuned-target.ts";
import type { SiteTrials } from "./tuning.ts";
import { alikeOf } from "./work.ts";

const engine = node({ threads: 1 });

afterEach(() => void vi.restoreAllMocks());

/** Two convolutions of one shape, a pooling, and the gradients. */
function program(): Graph {
  const g = builder("step");
  const x = g.input("x", "float32", [2, 16, 8, 8]);
  const [a, b] = ["a", "b"].map((name) => g.input(name, "float32", [16, 16, 3, 3]));
  const pads = [1, 1, 1, 1];
  const y = g.Conv(g.Relu(g.Conv(x, a, null, { pads })), b, null, { pads });
  const [pooled] = g.MaxPool(y, { kernel_shape: [2, 2], strides: [2, 2] });
  const gradients = backward(g, g.ReduceSum(g.Mul(pooled, pooled), { keepdims: 0 }), [x, a, b]);
  for (const v of [x, a, b]) g.output(gradients.get(v)!, `d${v.name}`);
  return withoutUnread(g.build());
}

const kept = (trials: SiteTrials = {}) => {
  const all: Record<string, SiteTrials> = { [""]: trials };
  return {
    all,
    read: async (name: string) => all[name] ?? {},
    write: async (name: string, more: SiteTrials) => void (all[name] = { ...all[name], ...more }),
  };
};

test("each shape is tried once, and the plan is one that can be carried out", async () => {
  const graph = program();
  const sites = sitesOf(graph);
  const told: string[] = [];
  const { tuning, trials, whole } = await tune(graph, engine, {
    seconds: 1000,
    onTrial: ({ site, done, total }) => told.push(`${done}/${total} ${site}`),
  });
  const { target, plan } = await tunedTarget(engine, graph, tuning);
  const alone = sites.filter((site) => timedOf(site, target).length > 1);
  const keys = alikeOf(graph, alone).map(({ key }) => key);
  expect(keys.length).toBeLessThan(alone.length); // the two convolutions are alike
  expect(Object.keys(trials)).toEqual(keys);
  expect(told).toEqual([...keys, "whole graph"].map((key, i) => `${i + 1}/${keys.length + 1} ${key}`));
  for (const site of alone) {
    const { took, chosen, preferred } = trials[keyOf(site)];
    expect(Object.keys(took).sort()).toEqual(formulationsOf(site, target).sort());
    expect(plan[keyOf(site)]).toBe(whole.chosen === "tuned" ? chosen : preferred);
  }
  // every formulation that there is computes the right values here, so every one has a time
  const several = Object.values(trials);
  expect(several.length).toBeGreaterThan(3);
  for (const { took, chosen } of several) {
    expect(Object.values(took)).not.toContain(null);
    expect(took[chosen]!).toBeGreaterThan(0);
  }
  expect(check(lower(graph, target, plan))).toEqual([]);
  expect(JSON.parse(JSON.stringify(tuning))).toEqual(tuning);
});

test("what the cache has is not tried again; what it has of other formulations is", async () => {
  const cache = kept();
  const first = await tune(program(), engine, { cache });
  const known: boolean[] = [];
  const again = await tune(program(), engine, { cache, onTrial: (p) => known.push(p.known) });
  expect(known.every(Boolean)).toBe(true);
  expect(again).toEqual({ ...first, tuning: { ...first.tuning, seconds: 0 } });
  const [key] = Object.keys(first.trials);
  const [name] = Object.keys(cache.all).filter((k) => k !== "");
  const ofSites = Object.entries(cache.all[name]).filter(([k]) => !k.startsWith("whole"));
  cache.all[name] = { ...Object.fromEntries(ofSites), [key]: { ...first.trials[key], took: { plain: 1, removed: 2 } } };
  const fresh: string[] = [];
  await tune(program(), engine, { cache, onTrial: (p) => void (p.known || fresh.push(p.site)) });
  expect(fresh.filter((site) => site !== "whole graph")).toEqual([key]);
});

/** The engine, and what becomes of a model's results. @param computed its clock */
const watched = (ran: (model: string, out: DeviceTensors) => unknown, computed?: () => number): Engine => ({
  name: engine.name,
  version: engine.version,
  threads: engine.threads,
  device: engine.device,
  ...(computed && { computed }),
  upload: (t) => engine.upload(t),
  download: (t) => engine.download(t),
  dispose: (t) => engine.dispose(t),
  release: () => engine.release(),
  async load(bytes, options) {
    const session = await engine.load(bytes, options);
    const model = new TextDecoder("latin1").decode(bytes);
    return {
      inputNames: session.inputNames,
      outputNames: session.outputNames,
      release: () => session.release(),
      async run(feeds, into) {
        const out = await session.run(feeds, into);
        await ran(model, out);
        return out;
      },
    };
  },
});

/** An engine on which every model with a certain operator computes something else. */
const wrongWith = (op: string): Engine =>
  watched(async (model, out) => {
    if (!model.includes(op)) return;
    for (const t of Object.values(out)) {
      const { data } = await engine.download(t);
      (data as Float32Array)[0] += 1e3;
    }
  });

/** An engine on which every model takes as long as is said. */
function clocked(milliseconds: (model: string) => number): Engine {
  let passed = 0;
  return watched(
    (model) => void (passed += milliseconds(model)),
    () => passed,
  );
}

/** How often a model gathers, which those formulations do that are not preferred here. */
const gathers = (model: string): number => model.split("Gather").length;
const isWhole = (model: string): boolean => model.includes("dx");

test("a whole graph that gains nothing by what its sites prefer is computed as without tuning", async () => {
  const alone = (model: string) => (gathers(model) > 1 ? 5 : 10);
  const faster = await tune(
    program(),
    clocked((m) => (isWhole(m) ? 1000 - 20 * gathers(m) : alone(m))),
  );
  const slower = await tune(
    program(),
    clocked((m) => (isWhole(m) ? 1000 + gathers(m) : alone(m))),
  );
  expect(faster.trials).toEqual(slower.trials);
  const differs = Object.entries(faster.trials).filter(([, { chosen, preferred }]) => chosen !== preferred);
  expect(differs.length).toBeGreaterThan(0);
  expect(faster.whole).toMatchObject({ chosen: "tuned", preferred: "thresholds" });
  expect(slower.whole).toMatchObject({ chosen: "thresholds", preferred: "thresholds" });
  for (const [key, { chosen, preferred }] of differs) {
    expect(faster.tuning.plan[key]).toBe(chosen);
    expect(slower.tuning.plan[key]).toBe(preferred);
  }
});

test("a formulation that gains less than a twentieth is not chosen", async () => {
  const { trials } = await tune(
    program(),
    clocked((model) => (gathers(model) > 1 ? 96 : 100)),
  );
  for (const { chosen, preferred } of Object.values(trials)) expect(chosen).toBe(preferred);
});

test("what a few passes over memory compute is not timed alone", async () => {
  const { trials } = await tune(program(), engine);
  expect(sitesOf(program()).some(({ of }) => of === "ReluGradient")).toBe(true);
  expect(Object.keys(trials).filter((key) => key.startsWith("ReluGradient"))).toEqual([]);
});

test("a formulation with wrong values is never chosen, however fast", async () => {
  const wrong = wrongWith("nchwc");
  expect(await blockOf(wrong)).toBeUndefined();
  const { tuning, trials } = await tune(program(), wrongWith("MatMul"), {});
  const rows = Object.entries(trials).filter(([, { took }]) => "rows" in took);
  expect(rows.length).toBeGreaterThan(0);
  for (const [key, { took, chosen }] of rows) {
    expect([key, took.rows]).toEqual([key, null]);
    expect(chosen).not.toBe("rows");
    expect(tuning.plan[key]).not.toBe("rows");
  }
});

test("a tuning holds for its runtime, its threads and its processor's blocks alone", async () => {
  const { tuning } = await tune(program(), engine, {});
  expect(await isTunedFor(tuning, engine)).toBe(true);
  expect(await isTunedFor({ ...tuning, block: tuning.block === 8 ? 16 : 8 }, engine)).toBe(false);
  expect(await isTunedFor(tuning, node({ threads: 2 }))).toBe(false);
});

/** A clock that every run of a model moves on, and nothing else. */
function slowEngine(ms: number): Engine {
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  return watched(
    () => void (now += ms),
    () => now,
  );
}

test("what the time does not reach stays as without tuning, until it is asked for again", async () => {
  const cache = kept();
  const slow = slowEngine(100);
  const first = await tune(program(), slow, { cache, seconds: 6 });
  const begun = performance.now();
  expect(begun).toBeGreaterThan(3000);
  expect(begun).toBeLessThan(9000); // a trial that is under way ends
  const { left = 0 } = first.whole;
  const all = Object.keys(first.tuning.plan);
  expect(left).toBeGreaterThan(0);
  expect(Object.keys(first.trials).length + left).toBeLessThanOrEqual(all.length);
  expect(Object.keys(first.trials).length).toBeGreaterThan(0);

  const settled = await tune(program(), slow, { cache, seconds: 6, settled: true });
  expect(performance.now()).toBe(begun); // nothing was run
  expect(settled.tuning.plan).toEqual(first.tuning.plan);

  const more = await tune(program(), slow, { cache, seconds: 1000 });
  expect(more.whole.left).toBeUndefined();
  expect(Object.keys(more.trials).length).toBe(Object.keys(first.trials).length + left);
});

test("a short run is hardly tuned: a twentieth of it is what may be spent", async () => {
  const { trials, whole, tuning } = await tune(program(), slowEngine(100), { steps: 200 });
  expect(trials).toEqual({});
  expect(whole).toMatchObject({ chosen: "thresholds", took: {} });
  expect(tuning.gained).toBe(false);
  expect(performance.now()).toBeLessThanOrEqual(1000);
});

test("a whole graph is taken as tuned where turns agree, and not for one that was lucky", async () => {
  let turn = 0;
  const { whole } = await tune(
    program(),
    clocked((m) => (isWhole(m) ? (gathers(m) > 1 && turn++ % 2 === 0 ? 500 : 1000) : gathers(m) > 1 ? 5 : 10)),
  );
  expect(whole.chosen).toBe("thresholds");
});

test("a stop ends between two trials, and keeps what was tried", async () => {
  const cache = kept();
  const stop = new AbortController();
  const onTrial = () => stop.abort(new Error("enough"));
  await expect(tune(program(), engine, { cache, onTrial, signal: stop.signal })).rejects.toThrow("enough");
  const [, trials] = Object.entries(cache.all).find(([k]) => k !== "")!;
  expect(Object.keys(trials)).toHaveLength(1);
});
