/** A configuration to begin with: what matters set, everything else listed with its help, to be switched on. */
import { type OptimizerName, optimizers, usualOptimizer } from "espalier";
import { stringify } from "yaml";
import { kebab } from "./names.ts";
import { headings } from "./train-choices.ts";
import { type TrainConfig, type TrainKey, trainFields } from "./train-fields.ts";

const WIDTH = 100;

export interface TemplateOptions {
  /** A built-in model's name, or an ONNX file; default "lenet5". */
  readonly model?: string;
  /** A data set's name, or a path; default "digits". */
  readonly data?: string;
  /** Where the JSON Schema is, seen from the file; default: none is named. */
  readonly schema?: string;
}

/** What stands without a "#" in front: a first run that leaves structure. */
function settingsToBeginWith({ model = "lenet5", data = "digits" }: TemplateOptions): TrainConfig {
  const optimizer: OptimizerName = usualOptimizer.plain;
  const { lr } = optimizers[optimizer].forms[0].defaults;
  return {
    model,
    data,
    optimizer,
    lr,
    milestones: [10, 15],
    penalty: "groupLasso",
    groups: "coupled",
    lambda: 1e-3,
    epochs: 20,
    batchSize: 128,
    seed: 1,
  };
}

const comment = (text: string): string[] => {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1];
    if (last && last.length + word.length + 3 > WIDTH) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines.map((line) => `# ${line}`);
};

/** One setting: its help, and it itself, or what it may be. */
function entry(key: TrainKey, chosen: TrainConfig): string[] {
  const { help, wanted, choices } = trainFields[key];
  const told = choices && choices.length > 3 ? `${help}. One of: ${choices.join(", ")}` : help;
  const value = chosen[key];
  if (value === undefined) return [...comment(told), `#${key}:   # ${wanted}`, ""];
  const spelled = typeof value === "string" && choices ? kebab(value) : value;
  return [
    ...comment(told),
    `${key}: ${stringify(spelled, { collectionStyle: "flow", blockQuote: false, lineWidth: 0 }).trim()}`,
    "",
  ];
}

/**
 * The text of a commented configuration that `espalier train --config` takes: YAML with the settings of a first run, and below each
 * heading all others of it, switched off, with what they do and may be.
 */
export function configurationYaml(options: TemplateOptions = {}): string {
  const chosen = settingsToBeginWith(options);
  const section = ([heading, keys]: readonly [string, readonly TrainKey[]]): string[] => {
    const [used, others] = [true, false].map((on) => keys.filter((key) => (chosen[key] !== undefined) === on));
    return [`# ---- ${heading} ----`, "", ...[...used, ...others].flatMap((key) => entry(key, chosen))];
  };
  // What a run is started with is no setting of a file.
  const sections = Object.entries(headings).map(
    ([heading, keys]) => [heading, keys.filter((key) => key !== "resume" && key !== "overwrite")] as const,
  );
  return [
    ...(options.schema ? [`# yaml-language-server: $schema=${options.schema}`] : []),
    "# Settings of `espalier train --config FILE`; flags win over them. Lines that begin with # are off:",
    "# take the # away and put a value in the place of the words behind the key.",
    "",
    ...sections.flatMap(section),
  ]
    .join("\n")
    .trimEnd()
    .concat("\n");
}
