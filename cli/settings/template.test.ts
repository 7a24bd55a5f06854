import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { choose } from "./choices.ts";
import { settings } from "./config.ts";
import { kebab } from "./names.ts";
import { configurationSchema } from "./schema.ts";
import { searchFields } from "./sweep-fields.ts";
import { configurationYaml } from "./template.ts";
import { trainFields } from "./train-fields.ts";

const keys = Object.keys(trainFields);
const text = configurationYaml({ model: "net.onnx", data: "my data.npz", schema: "./config.schema.json" });

describe("the configuration to begin with", () => {
  test("is one that train takes", () => {
    const values = settings(trainFields, [{ label: (key) => key, values: parse(text) }]);
    expect(choose(values)).toMatchObject({ model: "net.onnx", data: "my data.npz", optimizer: "rmda", lambda: 1e-3 });
    expect(text.split("\n")[0]).toBe("# yaml-language-server: $schema=./config.schema.json");
  });

  test("lists every setting once, with what it may be", () => {
    const listed = [...text.matchAll(/^#?(\w+):/gm)].map(([, key]) => key);
    expect(listed.sort()).toEqual(keys.filter((key) => key !== "resume" && key !== "overwrite").sort());
    expect(text).toContain("#momentum:   # a number");
    expect(text).toContain("\npenalty: group-lasso\n");
  });

  test("an odd name stays the name that it is", () => {
    const odd = "a: b # c\n- d";
    expect(parse(configurationYaml({ model: odd })).model).toBe(odd);
  });
});

describe("the JSON Schema", () => {
  const schema = configurationSchema();
  const { properties, patternProperties, $defs } = schema as Record<string, Record<string, Record<string, unknown>>>;
  const checked = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);

  test("has every setting, with its help, in both spellings", () => {
    expect(Object.keys(properties).sort()).toEqual([...keys, "seeds", "methods", ...Object.keys(searchFields)].sort());
    for (const [key, { help }] of Object.entries(trainFields)) {
      expect($defs[key]["description"]).toBe(help);
      expect(Object.keys($defs[key]).length, key).toBeGreaterThan(1);
      if (kebab(key) !== key) expect(patternProperties[`^${kebab(key)}$`]).toEqual(properties[key]);
    }
  });

  test.each(["examples/quickstart.yaml", "examples/compare.yaml", "examples/sweep.yaml"])("takes %s", (file) => {
    const values = parse(readFileSync(new URL(`../../${file}`, import.meta.url), "utf8"));
    expect(checked.safeParse(values).error).toBeUndefined();
  });

  test("takes what init writes and settings in words", () => {
    for (const values of [
      parse(text),
      { loss: { logits: "cross-entropy*2", boxes: { loss: "l1" } }, augment: { crop: 4 }, "batch-size": 32 },
      { methods: { "my own": null, RMDA: { optimizer: "rmda", lambda: null } }, seeds: [1, 2] },
      {
        space: { lr: { from: 0.1, to: 1 }, m: { A: { optimizer: "rmda" }, B: null } },
        stopping: true,
        "search-seed": 2,
      },
    ])
      expect(checked.safeParse(values).error).toBeUndefined();
  });

  test.each<[string, unknown]>([
    ["an unknown key", { lamda: 1 }],
    ["a wrong type", { epochs: "many" }],
    ["a wrong name", { optimizer: "adm" }],
    ["a number out of range", { lr: 0 }],
    ["no method", { methods: {} }],
    ["a range without an end", { space: { lr: { from: 0.1 } } }],
    ["an unknown setting in a space", { space: { m: { A: { lamda: 1 } } } }],
  ])("refuses %s", (_, values) => {
    expect(checked.safeParse(values).success).toBe(false);
  });
});
