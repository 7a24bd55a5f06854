import { describe, expect, test } from "vitest";
import { settings } from "./config.ts";
import { belongs, type TrainConfig, trainFields } from "./train-fields.ts";
import { choose, methods, resolved } from "./train-plan.ts";

/** What a choice cannot do without. */
const needs: Readonly<Record<string, TrainConfig>> = {
  multiStep: { milestones: [2] },
  wgsef: { keep: 0.5 },
  sef: { k: 3 },
  local: { rankKeep: 0.5 },
  global: { rankKeep: 0.5 },
};
const kinds = Object.keys(belongs) as (keyof typeof belongs)[];
const choices = kinds.flatMap((kind) => Object.keys(belongs[kind]).map((name) => [kind, name] as const));
const planned = (values: TrainConfig | Record<string, unknown>) => {
  const chosen = choose(settings(trainFields, [{ label: (key) => key, values: { ...values } }]));
  return resolved(chosen, methods(chosen));
};

describe("run.json of every choice can be read again, and says the same: without that no run could be resumed", () => {
  test.each(choices.filter(([kind, name]) => kind !== "rankRule" || name !== "none"))("%s %s", (kind, name) => {
    const first = planned({ model: "lenet5", data: "digits", [kind]: name, ...needs[name] });
    expect(first).toMatchObject({ [kind]: name, ...needs[name] });
    const saved = JSON.parse(JSON.stringify(first));
    expect(JSON.parse(JSON.stringify(planned(saved)))).toEqual(saved);
  });
});
