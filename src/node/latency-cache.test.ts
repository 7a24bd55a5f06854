import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { latencyCache } from "./latency-cache.ts";

test("times are kept by what they hold for, and a file that cannot be understood counts as none", async () => {
  const folder = mkdtempSync(join(tmpdir(), "espalier-latency-"));
  const cache = latencyCache(folder);
  expect(await cache.read("one")).toEqual({});
  await cache.write("one", { a: 0.5 });
  await cache.write("one", { b: 0.25 });
  await cache.write("two", { a: 0.75 });
  expect(await cache.read("one")).toEqual({ a: 0.5, b: 0.25 });
  expect(await cache.read("two")).toEqual({ a: 0.75 });
  for (const name of readdirSync(folder)) writeFileSync(join(folder, name), "{");
  expect(await cache.read("one")).toEqual({});
});
