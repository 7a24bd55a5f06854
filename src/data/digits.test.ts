import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { digits } from "./digits.ts";
import { facts, NAMES, source } from "./registry.ts";
import { channelStatistics, classCounts } from "./statistics.ts";

test("a seed gives the same bytes everywhere", () => {
  const { train, test: held, shape, classes } = digits({ train: 200, test: 50 });
  expect([train.count, held.count, shape, classes]).toEqual([200, 50, [1, 28, 28], 10]);
  expect(createHash("sha256").update(train.x).update(held.x).digest("hex").slice(0, 16)).toMatchInlineSnapshot(
    `"63f222124d0838b3"`,
  );
  expect(digits({ train: 200, test: 50, seed: 2 }).train.x).not.toEqual(train.x);
});

test("a larger set begins with the smaller one, and every class is there equally often", () => {
  const [small, large] = [digits({ train: 95, test: 10 }), digits({ train: 1000, test: 10 })];
  expect(large.train.x.subarray(0, small.train.x.length)).toEqual(small.train.x);
  expect(classCounts(large.train.y as Int32Array, 10)).toEqual(new Array(10).fill(100));
});

test("the documented mean and deviation are those of the default set", () => {
  const { train, shape, mean, std } = digits({ test: 10 });
  const measured = channelStatistics(train.x, shape);
  expect(measured.mean[0]).toBeCloseTo(mean?.[0] ?? 0, 4);
  expect(measured.std[0]).toBeCloseTo(std?.[0] ?? 0, 4);
});

test("nonsense is refused", () => {
  expect(() => digits({ train: 0 })).toThrow("out of range");
  expect(() => digits({ difficulty: 9 })).toThrow("difficulty");
  expect(() => digits({ seed: 0.5 })).toThrow("seed");
});

test("facts of every name are complete", () => {
  for (const name of NAMES) {
    const { shape, classes, classNames, mean, std } = facts(name);
    expect(classNames).toHaveLength(classes);
    expect([mean.length, std.length]).toEqual([shape[0], shape[0]]);
    for (const { sha256, contains } of source(name)?.downloads ?? [])
      for (const sum of [sha256, ...Object.values(contains ?? {})]) expect(sum).toMatch(/^[0-9a-f]{64}$/);
  }
});

test("an unknown name is answered with the nearest one", () => {
  expect(() => facts("fashon-mnist")).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: unknown data set "fashon-mnist"
      nearest  fashion-mnist
      wanted   digits, mnist, fashion-mnist, cifar10, cifar100
      fix      use one of these names, or the path of a folder with IDX or CIFAR files]
  `);
});
