/** Mutated configurations, in YAML and JSON, and `--set` assignments: settings, or a usage error that names what is wrong. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { choose } from "../../cli/settings/choices.ts";
import { compareFields } from "../../cli/settings/compare-fields.ts";
import { comparePlan } from "../../cli/settings/compare-plan.ts";
import { fromAssignments, fromFile, mergedOrigins, type SettingSource, settings } from "../../cli/settings/config.ts";
import { methods } from "../../cli/settings/methods.ts";
import { trainFields } from "../../cli/settings/train-fields.ts";
import type { Random } from "../../src/math/random.ts";
import { mutatedBytes } from "../mutate/bytes.ts";
import { chance, HOSTILE_NUMBERS, HOSTILE_TEXTS, pick } from "../mutate/pick.ts";
import { mutatedTree } from "../mutate/tree.ts";
import { projectFolder } from "../place.ts";
import type { Suite } from "../suite.ts";

const keys = Object.keys(trainFields);
const values = Object.values(trainFields).flatMap(({ choices }) => choices ?? []);
const RUN = {
  ...{
    model: "lenet5",
    data: "digits",
    optimizer: "rmda",
    c: 0.1,
    lr: 0.2,
    milestones: [14, 20],
    gamma: 0.1,
    epochs: 24,
  },
  ...{ penalty: "group-lasso", groups: "coupled", lambda: 1.5e-3, augment: { crop: 2, flip: true }, seed: 1 },
  normalize: { mean: [0.1], std: [0.3] },
};
const COMPARISON = {
  ...{ model: "lenet5-small", data: "digits", epochs: 8, milestones: [4, 6], seeds: [1, 2], threads: 1 },
  methods: { dense: { optimizer: "sgd", momentum: 0.9, lambda: null }, RMDA: { optimizer: "rmda", lr: 0.2 } },
};
const texts = ["quickstart.yaml", "compare.yaml"].map((f) => readFileSync(join(projectFolder(), "examples", f)));

/** Data with a setting more now and then, of any value. */
function tree(random: Random, from: object): object {
  const more = chance(random, 0.5)
    ? { [pick(random, keys)]: pick<unknown>(random, [...values, ...HOSTILE_NUMBERS, ...HOSTILE_TEXTS]) }
    : {};
  return mutatedTree<object>(random, { ...from, ...more }, { words: [...keys, ...values] });
}

/** The text of a file. */
function configuration(random: Random, from: object): Uint8Array {
  if (chance(random, 0.25)) return mutatedBytes(random, pick(random, texts));
  const changed = tree(random, from);
  return new TextEncoder().encode(chance(random, 0.5) ? JSON.stringify(changed) : stringify(changed));
}

const assignment = (random: Random): string =>
  `${pick(random, [...keys, "augment.crop", "normalize.mean", "methods.a", "a.b.c", "", ...HOSTILE_TEXTS])}=${pick<unknown>(random, [...values, ...HOSTILE_NUMBERS, ...HOSTILE_TEXTS, "[1,2]", "{a: 1}", "{", "&a [*a]"])}`;

function run(sources: readonly SettingSource[]): void {
  methods(choose(settings(trainFields, sources)));
}

function comparison(file: string, sources: readonly SettingSource[]): void {
  comparePlan(settings(compareFields, sources), mergedOrigins(file, sources));
}

export const fuzzConfig: Suite = {
  name: "fuzz-config",
  about: "mutated configurations of train and compare, and --set: settings, methods, the plan of a comparison",
  share: 1,
  async run({ random, folder, keep }) {
    const compared = chance(random, 0.4);
    const bytes = configuration(random, compared ? COMPARISON : RUN);
    const sets = chance(random, 0.3) ? [assignment(random)] : [];
    keep("settings.yaml", bytes);
    keep("set.json", JSON.stringify(sets));
    const file = join(folder, "settings.yaml");
    const source = await fromFile(file);
    const sources = (fields: typeof trainFields | typeof compareFields) => [source, fromAssignments(fields, sets)];
    if (compared) comparison(file, sources(compareFields));
    else run(sources(trainFields));
    return "accepted";
  },
};
