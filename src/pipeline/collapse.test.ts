/** Runs that end at guessing: said wherever it happens, with what caused it. */
import { expect, test } from "vitest";
import { data, model, options } from "../../test/support/small-run.ts";
import type { Model } from "../graph/types.ts";
import { constant } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { groupLasso } from "../prox/group-lasso.ts";
import { guessing, isGuessing } from "../train/guessing.ts";
import { memory } from "../train/memory.ts";
import type { TrainOptions } from "../train/options.ts";
import { FILES } from "../train/run-files.ts";
import { train } from "../train/train.ts";
import { withWeights } from "../train/with-weights.ts";
import { collapseWords } from "./collapse.ts";
import type { FinishEvent } from "./events.ts";
import { finish } from "./finish.ts";
import { savedSummary } from "./summary-file.ts";
import { type TargetEvent, trainToTarget } from "./target.ts";

const dense = { optimizer: sgd(), schedule: constant({ lr: 0.05 }), penalty: undefined };

async function finished(from: Model, more: Partial<TrainOptions>) {
  const store = memory();
  const run = train(from, data, options({ epochs: 2, ...more, store }));
  for await (const _ of run);
  const events: FinishEvent[] = [];
  const { summary } = await finish(run, { onEvent: (e) => events.push(e) });
  const page = new TextDecoder().decode((await store.read(FILES.report))!);
  return { summary, saved: await savedSummary(store), page, said: events.filter((e) => e.type === "collapsed") };
}

test("a penalty that empties layers: which, and that lambda is too large", async () => {
  const { summary, saved, page, said } = await finished(model(), {
    penalty: groupLasso({ lambda: 5 }),
    schedule: constant({ lr: 0.1 }),
  });
  expect(summary.collapse).toMatchObject({
    zeroWeights: ["fc2.weight"],
    alikeFrom: { op: "Gemm" },
  });
  expect(String(summary.collapse!.fix)).toContain("a smaller lambda (it was 5), a longer lambdaWarmup");
  expect(saved!.collapse).toEqual(JSON.parse(JSON.stringify(summary.collapse)));
  expect(said).toHaveLength(1);
  const words = collapseWords(summary.collapse!, summary.accuracy!);
  expect(words).toMatch(
    /^the model collapsed: test accuracy [\d.]+ %, where always answering the most frequent class has [\d.]+ %/,
  );
  expect(page).toContain(`<strong>T${words.slice(1)}.</strong> To change it, ${summary.collapse!.fix}.`);
  expect(words).toContain("all of fc2.weight became zero; from fc2/Gemm (Gemm) on every sample gives the same");
});

test("dead units: where samples become alike, though no weight is zero", async () => {
  const dead = withWeights(model(), { "fc1.bias": Array(32).fill(-1e3) });
  const { summary } = await finished(dead, { ...dense, schedule: constant({ lr: 1e-6 }) });
  expect(summary.collapse).toMatchObject({ zeroWeights: [], alikeFrom: { op: "Relu", zero: true } });
  expect(collapseWords(summary.collapse!, summary.accuracy!)).toContain("its units are dead");
  expect(String(summary.collapse!.fix)).toContain("a smaller lr or a warm-up of it");
});

test("a run that learns says nothing of it", async () => {
  const { summary, said, page } = await finished(model(), { ...dense, epochs: 4 });
  expect(page).not.toContain("collapsed");
  expect(summary.accuracy).toBeGreaterThan(0.4);
  expect(summary.collapse).toBeUndefined();
  expect(said).toEqual([]);
});

test("a search for lambda says which of its trials guess", async () => {
  const events: TargetEvent[] = [];
  await trainToTarget(
    async (lambda) => {
      const run = train(
        model(),
        data,
        options({ epochs: 2, schedule: constant({ lr: 0.1 }), penalty: groupLasso({ lambda }) }),
      );
      for await (const _ of run);
      return run;
    },
    { target: 0.01, start: 5, onEvent: (e) => events.push(e) },
  );
  expect(events.find((e) => e.type === "kept")).toMatchObject({ guessing: true });
});

test("guessing is the largest class among the labels that count", () => {
  const split = { x: new Float32Array(8), y: Int32Array.of(1, 1, 1, 0, 2, -100, -100, -100), count: 8 };
  const terms = [{ loss: { name: "", options: {}, labels: "class", apply: () => ({}) as never } }] as const;
  const by = guessing(split, terms)!;
  expect(by).toEqual({ accuracy: 0.6, labels: 5 });
  expect(isGuessing(1, { accuracy: 0.6, labels: 5 })).toBe(true); // of five labels nothing can be told
  expect(isGuessing(0.7, { accuracy: 0.6, labels: 5000 })).toBe(false);
  expect(guessing({ ...split, y: Int32Array.of(-100) }, terms)).toBeUndefined();
});
