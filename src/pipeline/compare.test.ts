/** Methods side by side through the library, in memory: one that diverges, a stop, going on. */
import { beforeAll, describe, expect, test } from "vitest";
import { digits } from "../data/digits.ts";
import { node } from "../engine/node.ts";
import { fcn } from "../models/fcn.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { memory } from "../train/memory.ts";
import { FILES } from "../train/run-files.ts";
import { train } from "../train/train.ts";
import { type ComparedMethod, type CompareEvent, compare } from "./compare.ts";
import type { Compared } from "./compare-runs.ts";
import { COMPARISON } from "./comparison-files.ts";

const engine = node({ threads: 1 });
const data = digits({ train: 100, test: 50, seed: 1 });
const method =
  (lr: number, epochs = 1): ComparedMethod =>
  (place) =>
    train(fcn({ depth: 2, width: 4, seed: place.seed }), data, {
      engine,
      optimizer: sgd(),
      schedule: constant({ lr }),
      epochs,
      ...place,
    });

describe("two methods, of which one diverges", () => {
  const store = memory();
  const events: CompareEvent[] = [];
  let done: Compared;
  beforeAll(async () => {
    const methods = { "dense SGD": method(0.05), "too fast": method(1e38) };
    done = await compare(methods, { store, environment: { made: "here" }, onEvent: (e) => events.push(e) });
  }, 120_000);

  test("the failed one does not stop the rest, and both are in the results", () => {
    expect(done.stopped).toBe(false);
    expect(done.document.runs).toMatchObject([
      { method: "dense SGD", seed: 1, folder: "dense-sgd/seed-1", summary: { epochs: 1 } },
      { method: "too fast", error: expect.stringContaining("not finite") },
    ]);
    expect(done.comparison).toMatchObject({ title: "fcn on digits", environment: { made: "here" }, seeds: [1] });
    expect(done.comparison.runs[0].epochs).toHaveLength(1);
    const config = done.comparison.config["methods"] as Record<string, unknown>;
    expect(config["too fast"]).toMatchObject({ schedule: { name: "constant", lr: 1e38 } });
  });

  test("the store has the runs and the documents", () => {
    const names = [...store.files.keys()];
    for (const name of ["compare.json", "compare.csv", "compare.md", "compare.html", "accuracy-epochs.svg"])
      expect(names).toContain(name);
    expect(names).toContain("dense-sgd/seed-1/summary.json");
    expect(names).not.toContain("too-fast/seed-1/summary.json");
    expect(events.map((e) => e.type)).toEqual([
      ...["comparing", "run", "epoch", "shrinking", "measuring", "ended", "run", "ended"],
    ]);
  });

  test("called again it makes nothing of what is finished again; other settings are refused", async () => {
    const before = store.files.get("dense-sgd/seed-1/small.onnx");
    const methods = { "dense SGD": method(0.05), "too fast": method(1e38) };
    const again = await compare(methods, { store, signal: AbortSignal.abort() });
    expect(again.document.runs).toEqual(done.document.runs); // what is known stays in the results
    expect(store.files.get("dense-sgd/seed-1/small.onnx")).toBe(before);
    await expect(compare({ "dense SGD": method(0.1) }, { store })).rejects.toThrow("made with different settings");
  });

  test("overwritten, nothing of the methods that are gone is left", async () => {
    const other = memory();
    await other.write(COMPARISON, store.files.get(COMPARISON)!);
    await other.within("dense-sgd").within("seed-1").write("model.onnx", new Uint8Array(1));
    await other.within("too-fast").within("seed-1").write("run.json", new Uint8Array(1));
    const stop = AbortSignal.abort();
    const { stopped } = await compare({ other: method(0.05) }, { store: other, overwrite: true, signal: stop });
    expect(stopped).toBe(true);
    expect((await other.list()).filter((name) => !name.includes("."))).toEqual([]);
  });
});

describe("called again", () => {
  const files = "a/seed-1/";
  const begun = async (lr: number) => {
    const store = memory();
    const { document } = await compare({ a: method(lr) }, { store });
    return { store, document };
  };

  test("it mends a run that failed, with other settings and with a checkpoint that is damaged", async () => {
    for (const damaged of [false, true]) {
      const { store, document } = await begun(1e38);
      expect(document.runs[0].error).toContain("not finite");
      if (damaged) await store.within("a").within("seed-1").write(FILES.checkpoint, new Uint8Array(9));
      const mended = await compare({ a: method(damaged ? 1e38 : 0.05) }, { store });
      expect(mended.document.runs[0].error ?? "none").toContain(damaged ? "not finite" : "none");
    }
  });

  test("a finished run counts, whatever became of its checkpoint; its settings are known all the same", async () => {
    for (const spoil of [(bytes: Uint8Array) => bytes.fill(0, 100, 200), () => undefined]) {
      const { store, document } = await begun(0.05);
      const own = store.within("a").within("seed-1");
      const bytes = spoil((await own.read(FILES.checkpoint))!);
      await (bytes ? own.write(FILES.checkpoint, bytes) : own.remove(FILES.checkpoint));
      const small = store.files.get(files + FILES.small);
      expect((await compare({ a: method(0.05) }, { store })).document.runs).toEqual(document.runs);
      expect(store.files.get(files + FILES.small)).toBe(small);
      await expect(compare({ a: method(0.1) }, { store })).rejects.toThrow("different settings: schedule");
    }
  });
});

test("a stop leaves a checkpoint, and the rest for the next call", async () => {
  const store = memory();
  const stop = new AbortController();
  const onEvent = (e: CompareEvent) => e.type === "epoch" && stop.abort();
  const { stopped, document } = await compare({ a: method(0.05, 2) }, { store, signal: stop.signal, onEvent });
  expect([stopped, document.runs]).toEqual([true, []]);
  expect(store.files.has("a/seed-1/checkpoint.safetensors")).toBe(true);
  const events: CompareEvent[] = [];
  await compare({ a: method(0.05, 2) }, { store, onEvent: (e) => events.push(e) });
  expect(events.flatMap((e) => (e.type === "epoch" ? [e.metrics.epoch] : []))).toEqual([2]);
}, 120_000);

test.each<[string, Record<string, ComparedMethod>, readonly number[], string]>([
  ["no methods", {}, [1], "no methods to compare"],
  ["no seeds", { a: method(0.1) }, [], "the seeds cannot be used"],
  ["a seed twice", { a: method(0.1) }, [1, 1], "the seeds cannot be used"],
  ["half a seed", { a: method(0.1) }, [0.5], "seed"],
  ["a name without letters", { "*": method(0.1) }, [1], '"*" has no letter or digit'],
  ["one folder for two", { "R MDA": method(0.1), "r-mda!": method(0.1) }, [1], "share one folder"],
  ["a method that cannot be trained", { a: method(0.1), b: method(0.1, 0) }, [1], "epochs"],
])("%s is said before anything is trained", async (_, methods, seeds, said) => {
  const store = memory();
  await expect(compare(methods, { seeds, store })).rejects.toThrow(said);
  expect(store.files.size).toBe(0);
});
