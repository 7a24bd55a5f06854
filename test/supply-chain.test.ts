/** What the packages that are used are: pinned, without scripts, under licences that are allowed, listed in the package. */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
const lock = (): { packages: Record<string, Record<string, unknown>> } =>
  JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "espalier-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const script = (...args: string[]) => spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
const check = (...args: string[]) => script("scripts/supply-chain.mjs", ...args);

test("the packages are as they should be, and the page of licences is current", () => {
  const { status, stderr } = check();
  expect([stderr, status]).toEqual(["", 0]);
});

describe("said and refused", () => {
  const named = "node_modules/zod";
  test.each<[string, string, Record<string, unknown>, RegExp]>([
    ["no integrity", named, { integrity: undefined }, /zod@\S+ has no integrity/],
    ["a weaker sum", named, { integrity: "sha1-abc" }, /weaker sum/],
    ["an address", named, { resolved: "https://example.org/zod.tgz" }, /locked to one address/],
    ["a script", named, { hasInstallScript: true }, /runs a script/],
    ["a licence that is not allowed", named, { license: "AGPL-3.0-only" }, /not allowed here: AGPL-3.0-only/],
    ["one of two that must both be allowed", named, { license: "(MIT AND SSPL-1.0)" }, /not allowed/],
    ["no licence", named, { license: undefined }, /states no licence/],
    ["a folder", named, { link: true }, /no package of a registry/],
    [
      "a platform's part whose whole is not pinned",
      "node_modules/@biomejs/biome",
      { integrity: undefined },
      /cli-darwin-arm64@\S+ has no integrity/,
    ],
  ])("%s", (_, path, change, said) => {
    const changed = lock();
    expect(changed.packages[path]).toBeDefined();
    Object.assign(changed.packages[path], change);
    writeFileSync(join(folder, "lock.json"), JSON.stringify(changed));
    const { status, stderr } = check("--lock", join(folder, "lock.json"));
    expect([status, stderr]).toEqual([1, expect.stringMatching(said)]);
  });
});

test("the list of the package's parts is complete, and the same wherever it is made", () => {
  const file = join(root, "sbom.cdx.json");
  const made = () => {
    rmSync(file, { force: true });
    const { status, stderr } = script("scripts/sbom.mjs");
    expect(status, stderr).toBe(0);
    return readFileSync(file, "utf8");
  };
  const text = made();
  expect(made()).toBe(text);
  const { components, metadata, dependencies } = JSON.parse(text);
  const used = Object.entries(lock().packages).filter(([path, entry]) => path !== "" && !entry["dev"]);
  expect(used.length).toBeGreaterThan(30);
  const sum = (integrity: unknown) => Buffer.from(String(integrity).slice("sha512-".length), "base64").toString("hex");
  const wanted = used.map(([path, { version, integrity }]) => [
    path.split("node_modules/").at(-1),
    version,
    sum(integrity),
  ]);
  const listed = components.map((c: { name: string; version: string; hashes: { content: string }[] }) => [
    c.name,
    c.version,
    c.hashes[0].content,
  ]);
  expect(listed.sort()).toEqual(wanted.sort());
  expect(dependencies).toHaveLength(components.length + 1);
  const direct = Object.keys(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).dependencies);
  const [own] = dependencies.filter((d: { ref: string }) => d.ref === metadata.component["bom-ref"]);
  expect(own.dependsOn.map((ref: string) => ref.slice(0, ref.lastIndexOf("@"))).sort()).toEqual(direct.sort());
  const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  expect(metadata.component).toMatchObject({ name, version });
  const addresses = [...text.matchAll(/\w+:\/\/[^"\s]*/g)].map(([address]) => address);
  expect(addresses).toEqual(["http://cyclonedx.org/schema/bom-1.5.schema.json"]);
  expect(text).not.toMatch(/"(\/|[A-Za-z]:\\)/);
});
