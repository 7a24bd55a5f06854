import { expect, test } from "vitest";
import { node } from "../../engine/node.ts";
import { macsOf } from "../../graph/macs.ts";
import type { Model } from "../../graph/types.ts";
import { torchDefault } from "../../models/init.ts";
import { mlp } from "../../models/mlp.ts";
import { network } from "../../models/network.ts";
import { prove } from "../../proof/prove.ts";
import { cost } from "../../shrink/cost.ts";
import { engineMeter, type LatencyMeter } from "./meter.ts";
import { pruneToLatency, pruneWith } from "./prune.ts";
import { reachedLatency } from "./reached.ts";
import { type LatencyTable, tableBy } from "./table.ts";

const engine = node({ threads: 1 });

/** Three convolutions, of which two have the same shapes around them, and a layer that takes next to no time. */
const net = network({ name: "net", input: [3, 8, 8], seed: 2, init: torchDefault }, (n, x) => {
  const conv = (name: string, y: typeof x, width: number) =>
    n.relu(n.conv2d(name, y, width, { kernel: 3, padding: 1 }));
  const y = conv("conv3", conv("conv2", conv("conv1", x, 32), 32), 32);
  return n.linear(
    "fc2",
    n.relu(n.linear("fc1", n.flatten(n.maxPool2("p3", n.maxPool2("p2", n.maxPool2("p1", y)))), 64)),
    10,
  );
});

/** A machine whose kernels take as long for some channels as for the next multiple of eight. */
const stairs = (step = 8): LatencyMeter & { readonly asked: number[] } => {
  const asked: number[] = [];
  const up = (d: number) => Math.ceil(d / step) * step;
  const ms = ({ graph }: Model) =>
    graph.nodes.reduce((sum, n) => {
      const [a = 1, b = 1] = n.inputs[1]?.shape ?? [];
      return sum + (macsOf(n) * up(a) * up(b)) / (a * b);
    }, 0) / 1e6;
  return {
    name: "stairs",
    batch: 1,
    asked,
    async measure(whole, cuts) {
      asked.push(cuts.length);
      return { ms: ms(whole), shares: cuts.map((cut) => ms(cut) / ms(whole)) };
    },
  };
};

const widths = (model: Model) =>
  ["conv1.weight", "conv2.weight", "conv3.weight"].map(
    (name) => [...model.graph.initializers.keys()].find((v) => v.name === name)!.shape[0],
  );

test("layers of the same shapes are measured once, and what is known not at all", async () => {
  const meter = stairs();
  const known: Record<string, number> = {};
  const cache = {
    read: async () => known,
    write: async (_: string, shares: object) => void Object.assign(known, shares),
  };
  const table = await tableBy(meter, net, { cache });
  expect(table.rows.map((r) => r.name)).toEqual(["conv1.weight", "conv2.weight", "conv3.weight", "fc1.weight"]);
  expect(table.rows[0]).toMatchObject({ widths: [32, 24, 16, 8] });
  expect(table.rows[0].shares[0]).toBe(1);
  for (const { shares } of table.rows) expect(shares).toEqual([...shares].sort((a, b) => b - a));
  const again = stairs();
  expect(await tableBy(again, net, { cache })).toEqual(table);
  expect(again.asked).toEqual([0]); // the whole model alone
});

test("the model comes to the time, on a stair, and what saves no time stays", async () => {
  const meter = stairs();
  const table = await tableBy(meter, net, {});
  const share = 0.5;
  const done = await pruneWith(meter, net, { engine, table, share });
  const [found] = (await meter.measure(net, [done.model], { rounds: 1, ms: 1 })).shares;
  expect(found).toBeLessThanOrEqual(share);
  for (const w of widths(done.model)) expect(w % 8).toBe(0);
  expect(done.layers.find((l) => l.name === "fc1.weight")!.removed).toBe(0);
  expect(await prove(done.zeroed, done.certificate, { small: done.model, engine })).toMatchObject({ holds: true });
});

test("where every channel saves time the model comes near it, within a channel", async () => {
  const meter = stairs(1);
  const table = await tableBy(meter, net, {});
  for (const share of [0.8, 0.6, 0.35]) {
    const { model } = await pruneWith(meter, net, { engine, table, share });
    const [found] = (await meter.measure(net, [model], { rounds: 1, ms: 1 })).shares;
    expect(found).toBeLessThanOrEqual(share);
    expect(found).toBeGreaterThan(share - 0.04);
  }
});

test("a stair that goes far beyond the time is left alone where finer steps give up less", async () => {
  const wide = mlp({ sizes: [8, 64, 64, 10], seed: 1 });
  const width = ({ graph }: Model, name: string) =>
    [...graph.initializers.keys()].find((v) => v.name === name)!.shape[0];
  const ms = (model: Model) => 3 * Math.ceil(width(model, "fc1.weight") / 32) + width(model, "fc2.weight") / 16;
  const meter: LatencyMeter = {
    name: "one stair",
    batch: 1,
    measure: async (whole, cuts) => ({ ms: ms(whole), shares: cuts.map((cut) => ms(cut) / ms(whole)) }),
  };
  const table = await tableBy(meter, wide, {});
  const near = await pruneWith(meter, wide, { engine, table, share: 0.85 });
  expect(width(near.model, "fc1.weight")).toBe(64);
  expect(ms(near.model) / 10).toBeGreaterThan(0.83);
  const far = await pruneWith(meter, wide, { engine, table, share: 0.7 }); // the stair alone
  expect(width(far.model, "fc1.weight")).toBe(32);
  expect(width(far.model, "fc2.weight")).toBe(64);
});

test("what comes near the time is looked at closely: a first look that errs does not decide", async () => {
  const exact = stairs(1);
  const looks = new Map<number, number>();
  const meter: LatencyMeter = {
    ...exact,
    async measure(whole, cuts, patience) {
      const found = await exact.measure(whole, cuts, patience);
      const { rounds } = patience;
      looks.set(rounds, (looks.get(rounds) ?? 0) + 1);
      return rounds > 10 ? found : { ...found, shares: found.shares.map((s) => s * 0.94) };
    },
  };
  const table = await tableBy(exact, net, {});
  const { model } = await pruneWith(meter, net, { engine, table, share: 0.6 });
  const [found] = (await exact.measure(net, [model], { rounds: 1, ms: 1 })).shares;
  expect(found).toBeLessThanOrEqual(0.6);
  expect(found).toBeGreaterThan(0.56);
  expect([...looks.values()].every((n) => n > 0) && looks.size === 2).toBe(true);
});

test("a time that cannot be had is refused, and said how far it comes; so is a table of another model", async () => {
  const meter = stairs();
  const table = await tableBy(meter, net, {});
  await expect(pruneWith(meter, net, { engine, table, share: 0.01 })).rejects.toThrow(
    /the model cannot be made so fast\n {2}got +\d.* ms, 0\.\d+ of its time, with all gone that saves time\n {2}wanted +\d.* ms, 0\.0100/,
  );
  const other: LatencyTable = { ...table, rows: table.rows.slice(1) };
  await expect(pruneWith(meter, net, { engine, table: other, share: 0.5 })).rejects.toThrow(
    "the table of times is of another model",
  );
});

test.each<[string, object, RegExp]>([
  ["no time", {}, /said in milliseconds or as a share/],
  ["two times", { ms: 1, keep: 0.5 }, /said in milliseconds or as a share/],
  ["a share of 1", { keep: 1 }, /the time to come to is out of range\n {2}got +1/],
  ["no milliseconds", { ms: 0 }, /the time to come to is out of range\n {2}got +0 ms/],
  ["what it takes already", { ms: 1e6 }, /the model is as fast already/],
])("%s is refused", async (_, wanted, said) => {
  const table = await tableBy(stairs(), net, {});
  await expect(pruneToLatency(net, { engine, table, ...wanted } as never)).rejects.toThrow(said);
});

test("on the real runtime a network gets narrower, and it is said what was measured", async () => {
  const wide = mlp({ sizes: [512, 2048, 10], seed: 1 }); // milliseconds: beside other programs, too, an eighth of it is faster
  const inner = engineMeter(engine, 16);
  const meter: LatencyMeter = {
    ...inner,
    measure: (whole, cuts) => inner.measure(whole, cuts, { rounds: 3, ms: 8 }),
  };
  const table = await tableBy(meter, wide, {});
  expect(table).toMatchObject({ batch: 16, rows: [{ widths: [2048, 1792, 1536, 1280, 1024, 768, 512, 256] }] });
  expect(table.of).toMatch(/^onnxruntime-node .*, cpu, 1 thread, batch 16$/);
  const { model } = await pruneWith(meter, wide, { engine, table, share: 0.95 });
  expect(cost(model).macs).toBeLessThan(cost(wide).macs);
  const said = await reachedLatency(engine, wide, model, table, 0.95);
  expect(said).toMatchObject({ batch: 16, threads: 1, wantedShare: 0.95, wanted: 0.95 * table.ms });
  for (const { value, low, high } of [said.full, said.small, said.share])
    expect(low <= value && value <= high).toBe(true);
});
