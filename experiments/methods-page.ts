/** docs/methods.md as text: words from methods-text.ts, options and their help from the command line's table, pairs from the library. */
import { goesWith } from "espalier";
import { kebab } from "../cli/names.ts";
import { belongs, headings, type TrainKey, trainFields } from "../cli/train-fields.ts";
import { guideText, lowRankRun, lowRankText, type MethodText, optimizerTexts, penaltyTexts } from "./methods-text.ts";

type Kind = "optimizer" | "penalty";

/** What the charts of the page show: one small run each. */
export const COMMON = "--model lenet5-small --data digits --epochs 12 --seed 1";

/** The flags of a method's run: its own win over the common ones. */
export function commandOf({ flags }: MethodText): string {
  const given = new Set<string>(flags.match(/--[a-z0-9-]+/g) ?? []);
  const common = COMMON.match(/--[a-z-]+ \S+/g)!.filter((pair) => !given.has(pair.split(" ")[0]));
  return `espalier train ${[...common, flags].join(" ")}`;
}

function options(keys: readonly TrainKey[]): string[] {
  if (keys.length === 0) return ["No options of its own.", ""];
  const rows = keys.map((key) => {
    const { value, help } = trainFields[key];
    return `| \`--${kebab(key)}${value ? ` ${value.replaceAll("|", "\\|")}` : ""}\` | ${help.replaceAll("|", "\\|")} |`;
  });
  return ["| option | |", "|---|---|", ...rows, ""];
}

function section(kind: Kind, name: string, text: MethodText): string[] {
  const partners = goesWith(name);
  const other = kind === "optimizer" ? "Penalties" : "Optimizers";
  const keys = (belongs[kind] as Readonly<Record<string, readonly TrainKey[]>>)[name];
  const pairs = `**${other}** ${partners.length ? partners.map((p) => p.replace(/^\w+/, "`$&`")).join(", ") : "none"}`;
  return described(name, text, [pairs, "", ...options(keys)]);
}

/** What every method's section has, with its own lines before the command. */
function described(name: string, text: MethodText, own: readonly string[]): string[] {
  return [
    `### \`${name}\``,
    "",
    `*${text.source}*`,
    "",
    `**Minimizes** ${text.minimizes}`,
    "",
    `**When** ${text.when}`,
    "",
    `**In the paper** ${text.paper}`,
    "",
    ...own,
    "```sh",
    `npx ${commandOf(text)}`,
    "```",
    "",
    `![Accuracy and sparsity of ${name} over the epochs of this command](methods/${kebab(name)}.svg)`,
    "",
  ];
}

const sections = (kind: Kind, texts: Readonly<Record<string, MethodText>>): string[] =>
  Object.entries(texts).flatMap(([name, text]) => section(kind, name, text));

/** The whole page. */
export const methodsPage = (): string =>
  [
    "# Methods",
    "",
    "<!-- written by `node dist/experiments/methods-doc.js`; the texts are in experiments/methods-text.ts -->",
    "",
    "An optimizer decides how weights move, a penalty what should become zero, groups what becomes zero together. Any pair whose",
    "proximal step is defined may be combined; another is refused with the list of those that are. The charts show the command above",
    "them, on the embedded digits and two processor cores: they show how a method behaves, not how good it is on a real task (for that",
    "see the results in the README). λ grows over the first tenth of the epochs unless `--lambda-warmup 0` is given.",
    "",
    ...guideText,
    "## Optimizers",
    "",
    ...sections("optimizer", optimizerTexts),
    "## Penalties",
    "",
    ...sections("penalty", penaltyTexts),
    "## Low rank",
    "",
    ...described("lorita", lowRankRun, [...lowRankText, ...options(headings["Low rank"])]),
  ].join("\n");
