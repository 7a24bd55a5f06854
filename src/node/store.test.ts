/** What every store promises: the one in memory and the folder on disk pass the same tests. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { memory } from "../train/memory.ts";
import { clearRun, FILES } from "../train/run-files.ts";
import type { Store } from "../train/store.ts";
import { directory } from "./directory.ts";

const root = mkdtempSync(join(tmpdir(), "espalier-store-"));
afterAll(() => rmSync(root, { recursive: true }));
const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = async (store: Store, name: string) => new TextDecoder().decode(await store.read(name));
const sorted = async (store: Store) => [...(await store.list())].sort();

describe.each<[string, (name: string) => Store]>([
  ["memory", () => memory()],
  ["directory", (name) => directory(join(root, name))],
])("%s", (kind, make) => {
  test("files are written, replaced, extended, listed and removed", async () => {
    const store = make("files");
    expect(await store.list()).toEqual([]);
    expect(await store.read("x")).toBeUndefined();
    await store.write("x", bytes("one"));
    await store.write("x", bytes("two"));
    await store.append("y", "1\n");
    await store.append("y", "2\n");
    expect([await textOf(store, "x"), await textOf(store, "y")]).toEqual(["two", "1\n2\n"]);
    expect(await sorted(store)).toEqual(["x", "y"]);
    await store.remove("x");
    await store.remove("x");
    expect(await store.list()).toEqual(["y"]);
  });

  test("a folder is a store of its own, listed once and removed whole", async () => {
    const store = make("folders");
    const [inner, deep] = [store.within("a"), store.within("a").within("b")];
    expect(await inner.list()).toEqual([]);
    await deep.write("x", bytes("deep"));
    await inner.write("x", bytes("inner"));
    await store.write("ax", bytes("beside"));
    expect(await sorted(store)).toEqual(["a", "ax"]);
    expect(await sorted(inner)).toEqual(["b", "x"]);
    expect(await textOf(deep, "x")).toBe("deep");
    expect(deep.location.replaceAll("\\", "/")).toBe(`${store.location.replaceAll("\\", "/")}/a/b`);
    await store.remove("a");
    expect(await store.list()).toEqual(["ax"]);
    expect(await deep.read("x")).toBeUndefined();
  });

  test("what is given and taken is not shared", async () => {
    const store = make("copies");
    const given = bytes("abc");
    await store.write("x", given);
    given[0] = 0;
    (await store.read("x"))![1] = 0;
    expect(await textOf(store, "x")).toBe("abc");
  });

  test("a run is cleared with its mark of being finished first, and nothing else goes", async () => {
    const store = make(`cleared-${kind}`);
    for (const name of [...Object.values(FILES), "mine.txt"]) await store.write(name, bytes("x"));
    await store.within("trials").within("0.001").write(FILES.checkpoint, bytes("x"));
    await store.within("mine").write(FILES.model, bytes("x"));
    const removed: string[] = [];
    const remove = (name: string) => {
      removed.push(name);
      return store.remove(name);
    };
    await clearRun({ ...store, remove });
    expect(removed[0]).toBe(FILES.summary);
    expect(removed.indexOf(FILES.checkpoint)).toBeGreaterThan(removed.indexOf(FILES.model));
    expect(await sorted(store)).toEqual(["mine", "mine.txt"]);
    expect(await store.within("mine").list()).toEqual([FILES.model]);
  });
});
