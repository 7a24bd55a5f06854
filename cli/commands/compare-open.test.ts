import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMPARISON, FILES } from "espalier";
import { directory } from "espalier/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CompareConfig, compareFields } from "../settings/compare-fields.ts";
import { fromAssignments, type SettingSource, settings } from "../settings/config.ts";
import { output } from "../terminal/output.ts";
import { openComparison } from "./compare-open.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "espalier-open-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const shared = { model: "logistic", data: "digits", limitTrain: 20, threads: 1 };
const inFile = (values: CompareConfig): SettingSource => ({ label: (key) => `c.yaml: ${key}`, values: { ...values } });

/** What is said about a comparison of these sources. */
async function said(flags: CompareConfig, ...sources: SettingSource[]): Promise<string> {
  const asked = { ...settings(compareFields, sources), ...flags };
  const interruption = {
    signal: new AbortController().signal,
    status: () => undefined,
    unheard: () => undefined,
    release: () => {},
  };
  return openComparison(asked, sources, output(true), interruption).then(
    ({ release }) => release().then(() => "nothing"),
    (e: unknown) => (e as Error).message,
  );
}
const fresh = { config: "c.yaml", out: "nowhere" };
const assigned = (...assignments: string[]) => fromAssignments(compareFields, assignments);

describe("a mistake is said where it stands", () => {
  const methods = { dense: { optimizer: "sgd" }, RMDA: { penalty: "l1" } };

  test("a shared setting that a method does not have", async () => {
    const message = await said(fresh, inFile({ ...shared, lambda: 0.01, methods }));
    expect(message).toMatch(/no lambda\n +where +c\.yaml: lambda, which all methods share\n +method +dense\n/);
    expect(message).toMatch(/fix +say {2}lambda: null {2}in methods\.dense$/);
    const mended = { dense: { optimizer: "sgd", lambda: null }, RMDA: { penalty: "l1" } };
    expect(await said(fresh, inFile({ ...shared, lambda: 0.01, methods: mended }))).toBe("nothing");
  });

  test("a setting of its own that a method does not have", async () => {
    const own = { dense: { optimizer: "sgd", lambda: 0.01 } };
    expect(await said(fresh, inFile({ ...shared, methods: own }))).toMatch(/where +c\.yaml: methods\.dense\n/);
    expect(
      await said(fresh, inFile({ ...shared, methods }), assigned("methods.dense={optimizer: sgd, mu: 1}")),
    ).toMatch(/where +--set methods\.dense\n/);
  });

  test("model and data, which no method chose", async () => {
    for (const wrong of ["model=nope", "data=nope"]) {
      const message = await said(fresh, inFile({ ...shared, methods }), assigned(wrong));
      expect(message).toContain("nope");
      expect(message).not.toContain("methods");
    }
  });
});

describe("another setting than the comparison that is resumed has", () => {
  const config = { ...shared, epochs: 3, methods: { dense: { optimizer: "sgd", lr: 0.1 } } };
  const before: SettingSource = { label: (key) => `compare.json: ${key}`, values: config };
  let out: string;
  beforeAll(async () => {
    out = join(root, "before");
    const store = directory(join(out, "dense", "seed-1"));
    await store.write(FILES.run, new TextEncoder().encode("{}"));
    await writeFile(join(out, COMPARISON), JSON.stringify({ config, runs: [] }));
  });

  test.each<[string, RegExp, RegExp]>([
    ["epochs=2", /where +--set epochs\n +epochs +was 3, now 2\n/, /or choose another --out$/],
    ["methods.dense={optimizer: sgd, lr: 0.2}", /where +--set methods\.dense\n +lr +was 0\.1/, /another name$/],
  ])("%s", async (assignment, where, fix) => {
    const message = await said({ out, resume: true }, before, assigned(assignment));
    expect(message).toMatch(where);
    expect(message).toMatch(fix);
    expect(message).not.toContain("--config");
  });
});

test("--overwrite clears nothing outside the comparison's directory", async () => {
  const victim = join(root, "victim");
  await mkdir(victim);
  for (const name of [FILES.run, FILES.model]) await writeFile(join(victim, name), "precious");
  const config = { ...shared, methods: { a: { optimizer: "sgd" } } };
  const run = { method: "a", seed: 1, folder: "../victim", seconds: 1 };
  const out = join(root, "malicious");
  await mkdir(out);
  await writeFile(join(out, COMPARISON), JSON.stringify({ config, runs: [run] }));
  expect(await said({ ...config, config: "c.yaml", out, overwrite: true })).toBe("nothing");
  for (const name of [FILES.run, FILES.model]) expect(await readFile(join(victim, name), "utf8")).toBe("precious");
});
