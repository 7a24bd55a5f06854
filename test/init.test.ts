/** `espalier init` as it is called: a file that train reads, and nothing replaced. */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";

const { at, espalier, asked } = commandLine();

test("writes a configuration once, and train goes by it", async () => {
  const file = at("first.yaml");
  const made = await asked("init", file, "--model", "logistic", "--data", "nowhere", "--json");
  expect([made.status, JSON.parse(made.stdout)]).toEqual([0, { file }]);
  const text = readFileSync(file, "utf8");
  expect(text).toMatch(/^# yaml-language-server: \$schema=\.\.?\/.*config\.schema\.json\n/);
  const again = await asked("init", file, "--model", "lenet5");
  expect([again.status, again.stderr]).toEqual([2, expect.stringContaining("there is such a file already")]);
  expect(readFileSync(file, "utf8")).toBe(text);
  const trained = await espalier("train", "--config", file, "--out", at("run"));
  expect([trained.status, trained.stderr]).toEqual([2, expect.stringContaining('"nowhere"')]); // the only thing wrong
});

test("names what is near to an unknown model, and writes nothing", async () => {
  const file = at("second.yaml");
  const { status, stderr } = await asked("init", file, "--model", "lenet6");
  expect([status, stderr]).toEqual([2, expect.stringContaining("did you mean lenet5")]);
  expect(existsSync(file)).toBe(false);
});

test("a folder that is not there is said", async () => {
  const { status, stderr } = await asked("init", at("no", "such.yaml"));
  expect([status, stderr]).toEqual([1, expect.stringMatching(/cannot be written\n(.*\n)*? *reason/)]);
});

test("prints the schema", async () => {
  const { status, stdout } = await asked("init", "--schema");
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ $schema: "https://json-schema.org/draft/2020-12/schema", type: "object" });
});
