import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { groupLasso, proxSgd, wgsef } from "espalier";
import { afterEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { compareCommand } from "../commands/compare.ts";
import { sweepCommand } from "../commands/sweep.ts";
import { commands } from "../commands/table.ts";
import { trainCommand } from "../commands/train.ts";
import { choose } from "../settings/choices.ts";
import { type CompareConfig, compareFields } from "../settings/compare-fields.ts";
import { comparePlan } from "../settings/compare-plan.ts";
import { fileOrigins, settings } from "../settings/config.ts";
import { kebab } from "../settings/names.ts";
import { type SweepConfig, sweepFields } from "../settings/sweep-fields.ts";
import { plannedSweep } from "../settings/sweep-plan.ts";
import { belongs, headings } from "../settings/train-choices.ts";
import { type TrainKey, trainFields } from "../settings/train-fields.ts";
import { styled } from "./help.ts";

/** A command's help as one line of single blanks, and as it is printed. */
function helpOf(command: Command): { flat: string; printed: string } {
  let printed = "";
  styled(command)
    .configureOutput({ writeOut: (text) => (printed += text) })
    .outputHelp();
  return { flat: printed.replaceAll(/\s+/g, " "), printed };
}

describe("train", () => {
  test("every setting stands under a heading", () => {
    expect(Object.values(headings).flat().sort()).toEqual(Object.keys(trainFields).sort());
  });

  const owners = (["optimizer", "penalty"] as const).flatMap((kind) =>
    Object.entries(belongs[kind] as Readonly<Record<string, readonly TrainKey[]>>).flatMap(([name, keys]) =>
      keys.map((key) => [key, name] as const),
    ),
  );
  const ofMany: readonly TrainKey[] = [
    "lambda",
    "lambdaWarmup",
    "groups",
    "block",
    "side",
    "weights",
    "targetParams",
    "targetMacs",
    "targetBytes",
    "targetLatency",
    "latencyBatch",
    "targetSearch",
  ];

  test.each(owners.filter(([key]) => !ofMany.includes(key)))("the help of %s names %s", (key, name) => {
    expect(trainFields[key].help).toMatch(new RegExp(`\\b${kebab(name)}\\b`));
  });

  test.each<[TrainKey, RegExp, unknown]>([
    ["weights", /default (\S+);/, groupLasso({ lambda: 1 }).options.weights],
    ["weights", /; wgsef (\S+)\)/, wgsef({ lambda: 1, k: 1 }).options.weights],
    [
      "eps",
      /prox-sgd in the form yang: added to the metric \(default (\S+)\)/,
      String(proxSgd({ form: "yang" }).options.eps),
    ],
  ])("the help of %s names the default: %s", (key, where, value) => {
    expect(where.exec(trainFields[key].help)?.[1]).toBe(value);
  });

  test("a list of names stands apart from the text", () => {
    const { flat } = helpOf(trainCommand());
    expect(flat).toContain(
      "(default rmda; with lorita adam; of a model from a file, to a target size, prox-sgd). One of: sgd, adam,",
    );
    expect(flat).toContain("else none). One of: none, group-lasso,");
  });
});

test("the configuration in the help of compare can be run", () => {
  const { printed } = helpOf(compareCommand());
  const yaml = printed.split("A configuration, in YAML:\n")[1].split("\nExamples:")[0];
  expect(printed).toContain("espalier train --help");
  const config: CompareConfig = settings(compareFields, [{ label: (key) => key, values: parse(yaml) }]);
  const { runs } = comparePlan(config, fileOrigins("help"));
  const [dense, rmda] = runs.map((run) => choose(run.settings));
  expect([dense.optimizer, dense.lambda, rmda.lambda, rmda.milestones]).toEqual(["sgd", undefined, 1e-3, [8, 12]]);
});

test("the configuration in the help of sweep can be run", () => {
  const { printed } = helpOf(sweepCommand());
  const yaml = printed.split("A configuration, in YAML:\n")[1].split("\nExamples:")[0];
  const config: SweepConfig = settings(sweepFields, [{ label: (key) => key, values: parse(yaml) }]);
  const { plan, settingsOf } = plannedSweep(config, fileOrigins("help"));
  expect(plan).toMatchObject({ search: "tpe", trials: 30, rungs: [1, 3], objectives: ["accuracy", "params"] });
  expect(choose(settingsOf({ lambda: 1e-3, method: "ProxSGD" }))).toMatchObject({ optimizer: "proxSgd", lr: 0.1 });
});

describe("every command's help", () => {
  const { isTTY, columns } = process.stdout;
  afterEach(() => void Object.assign(process.stdout, { isTTY, columns }));

  const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];

  test.each(commands.map((listed) => [listed.name, listed] as const))("%s", async (name, listed) => {
    const command = await listed.load();
    expect(command.name()).toBe(name);
    for (const width of [80, 60, 132]) {
      Object.assign(process.stdout, { isTTY: width !== 80, columns: width });
      for (const one of all(command)) {
        const { printed } = helpOf(one);
        const tooLong = printed.split("\n").filter((line) => line.length > width && !/^ *\S+$/.test(line));
        expect(tooLong).toEqual([]);
        expect(printed).toMatch(new RegExp(`\nExamples:\n(  # .*\n)*  \\$ espalier .*${one.name()}`));
        expect(printed).not.toMatch(/:\n\n|undefined/);
      }
    }
  });
});

test("the list of commands is printed without loading what they need", () => {
  const reached = new Set<string>();
  const packages = new Set<string>();
  const follow = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const [, to] of readFileSync(file, "utf8").matchAll(/^import (?!type)[^;]*?"([^"]+)";$/gm))
      if (to.startsWith(".")) follow(resolve(dirname(file), to));
      else packages.add(to);
  };
  follow(resolve(import.meta.dirname, "../main.ts"));
  expect([...packages]).toEqual(["commander"]);
});
