/** One process holds a folder; of those that find its owner dead, one gets it. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { EspalierError } from "../error.ts";
import { directory } from "./directory.ts";
import { lockFolder } from "./lock.ts";
import { thisProcess } from "./lock-owner.ts";

const root = mkdtempSync(join(tmpdir(), "espalier-lock-"));
afterAll(() => rmSync(root, { recursive: true }));
const at = (name: string) => join(root, name);
const errorOf = async (promise: Promise<unknown>): Promise<EspalierError> => {
  const error = await promise.then(
    () => undefined,
    (e) => e,
  );
  expect(error).toBeInstanceOf(EspalierError);
  return error;
};
const NEVER = 4194305; // above Linux's largest pid

/** What an owner leaves that was killed: its lock, in a folder that has a file already. */
function left(name: string, owner: object | string, { secondsAgo = 0, in: place = ".lock" } = {}): string {
  const folder = at(name);
  mkdirSync(join(folder, place), { recursive: true });
  writeFileSync(join(folder, "file"), "");
  const file = join(folder, place, "former.json");
  writeFileSync(file, typeof owner === "string" ? owner : JSON.stringify(owner));
  const time = Date.now() / 1000 - secondsAgo;
  utimesSync(file, time, time);
  return folder;
}

test("who comes second is told who holds it; given up, it is free, and nothing is left of it", async () => {
  const folder = at("new/folder");
  const first = await lockFolder(folder);
  await first.check();
  const { code, what, details, fix } = await errorOf(lockFolder(folder));
  expect({ code, what }).toEqual({ code: "locked", what: `${folder} is in use` });
  expect(details).toEqual({ by: "this process", since: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) });
  expect(fix).toMatch(/^wait until it ends/);
  expect(readdirSync(folder)).toEqual([".lock"]);
  await first.release();
  expect(existsSync(folder)).toBe(false);
  await (await lockFolder(folder)).release();
});

test("a folder that was filled meanwhile stays, and so does one that was there", async () => {
  const lock = await lockFolder(at("filled"));
  writeFileSync(join(at("filled"), "x"), "");
  await lock.release();
  await lock.release();
  expect(readdirSync(at("filled"))).toEqual(["x"]);
  mkdirSync(at("there"));
  await (await lockFolder(at("there"))).release();
  expect(readdirSync(at("there"))).toEqual([]);
});

test("of twenty that want a free folder at once, and of twenty that find its owner dead, one gets it", async () => {
  const folders = [at("free"), left("dead", { ...thisProcess(), pid: NEVER })];
  for (const folder of folders)
    for (let round = 0; round < 5; round++) {
      const tried = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder)));
      const won = tried.flatMap((t) => (t.status === "fulfilled" ? [t.value] : []));
      expect(won).toHaveLength(1);
      for (const t of tried) if (t.status === "rejected") expect(t.reason).toMatchObject({ code: "locked" });
      await won[0].check();
      await won[0].release();
      if (folder === folders[1]) left("dead", { ...thisProcess(), pid: NEVER });
    }
  expect(existsSync(folders[0]) ? readdirSync(folders[0]) : []).toEqual([]); // who made it may have lost it
});

test.runIf(process.platform === "linux")(
  "another process with the number of the dead one does not keep its lock",
  async () => {
    const lock = await lockFolder(left("reused", { ...thisProcess(), pid: process.ppid, began: "1" }));
    await lock.release();
    expect(readdirSync(at("reused"))).toEqual(["file"]);
  },
);

test.each([
  [
    "another machine",
    { ...thisProcess(), host: `not-${hostname()}`, pid: NEVER },
    `process ${NEVER} on not-${hostname()}`,
  ],
  [
    "a container with other process numbers",
    { ...thisProcess(), machine: "another", pid: NEVER },
    `process ${NEVER} on ${hostname()}`,
  ],
  ["another version", '{"owner":', "another version of Espalier"],
])("the lock of %s holds as long as it gives signs of life", async (name, owner, by) => {
  const folder = left(name, owner, { secondsAgo: 200 });
  const { details, fix } = await errorOf(lockFolder(folder));
  expect(details).toMatchObject({ by, "last sign": expect.stringMatching(/^(200|201|202) s ago$/) });
  expect(fix).toContain(`5 minutes after its last sign, or when ${join(folder, ".lock")} is removed`);
  left(name, owner, { secondsAgo: 301 });
  const lock = await lockFolder(folder);
  expect(readdirSync(join(folder, ".lock"))).toHaveLength(1);
  await lock.release();
  expect(readdirSync(folder)).toEqual(["file"]);
});

test("what was killed while it took the lock leaves nothing for good", async () => {
  const folder = left("litter", { ...thisProcess(), pid: NEVER }, { in: ".lock-former.json" });
  mkdirSync(join(folder, ".lock-living.json"));
  await (await lockFolder(folder)).release();
  expect(readdirSync(folder).sort()).toEqual([".lock-living.json", "file"]); // it may be about to be filled
});

test("who was taken for dead writes nothing more, and leaves the lock to the other", async () => {
  const folder = at("taken");
  const store = directory(folder);
  const release = await store.lock();
  await store.write("x", new TextEncoder().encode("mine"));
  rmSync(join(folder, ".lock"), { recursive: true });
  const other = directory(folder);
  const releaseOther = await other.lock();
  const changes = [() => store.write("x", new Uint8Array()), () => store.append("x", "more"), () => store.remove("x")];
  for (const change of changes)
    expect((await errorOf(change())).what).toBe("another process has taken the folder over");
  await release();
  await other.append("x", " and the other's");
  expect(readFileSync(join(folder, "x"), "utf8")).toBe("mine and the other's");
  await releaseOther();
  expect(readdirSync(folder)).toEqual(["x"]);
});

test("locks of one store nest; another store of the place is refused until the last is given up; it is not listed", async () => {
  const [store, other] = [directory(at("nested")), directory(at("nested"))];
  const releases = await Promise.all([store.lock(), store.lock()]);
  expect(await store.list()).toEqual([]);
  await releases[0]();
  await releases[0]();
  expect((await errorOf(other.lock())).code).toBe("locked");
  const given = releases[1]();
  const again = await store.lock(); // asked for while it is given up
  await given;
  await again();
  await (await other.lock())();
  expect(existsSync(at("nested"))).toBe(false);
});

test("while it is held, signs of life are given", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  try {
    const lock = await lockFolder(at("signs"));
    const [name] = readdirSync(join(at("signs"), ".lock"));
    const file = join(at("signs"), ".lock", name);
    const before = readFileSync(file, "utf8");
    utimesSync(file, 1, 1);
    vi.advanceTimersByTime(15_000);
    await vi.waitFor(() => expect(statSync(file).mtimeMs).toBeGreaterThan(1_000_000), 20_000);
    expect(readFileSync(file, "utf8")).toBe(before);
    await lock.release();
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test("a folder that cannot be locked is said to be so", async () => {
  writeFileSync(at("file"), "");
  const { message } = await errorOf(directory(join(at("file"), "run")).lock());
  expect(message).toMatch(/^cannot lock the folder\n {2}path +.*run\n {2}reason +a part of the path is a file/);
});
