/** docs/methods.md as text: words from methods-text.ts, options and their help from the command line's table, pairs from the library. */
import { goesWith } from "espalier";
import { choose } from "../cli/settings/choices.ts";
import { settings } from "../cli/settings/config.ts";
import { methods, resolved } from "../cli/settings/methods.ts";
import { kebab } from "../cli/settings/names.ts";
import { belongs, headings } from "../cli/settings/train-choices.ts";
import { type TrainConfig, type TrainKey, trainFields } from "../cli/settings/train-fields.ts";
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

/** What a choice cannot do without. */
const needs: Readonly<Record<string, TrainConfig>> = { wgsef: { keep: 0.5 }, sef: { keep: 0.5 } };

/** Every setting of a run of which only this is said, but for what is said. */
function defaults(said: TrainConfig): Readonly<Record<string, unknown>> {
  const all = { model: "lenet5", data: "digits", ...said };
  const chosen = choose(settings(trainFields, [{ label: (key) => key, values: all }]));
  const settled = resolved(chosen, methods(chosen));
  return Object.fromEntries(Object.entries(settled).filter(([key]) => !(key in said)));
}

/** The settings of a method, or of low rank, with their defaults there. */
function options(keys: readonly TrainKey[], settled: Readonly<Record<string, unknown>>): string[] {
  if (keys.length === 0) return ["No options of its own.", ""];
  const cell = (text: string) => text.replaceAll("|", "\\|");
  const rows = keys.map((key) => {
    const { value, help, choices } = trainFields[key];
    const set = settled[key];
    const shown = set === undefined || set === null ? "" : `\`${choices ? kebab(String(set)) : String(set)}\``;
    return `| \`--${kebab(key)}${value ? ` ${cell(value)}` : ""}\` | ${shown} | ${cell(help)} |`;
  });
  return ["| option | default | |", "|---|---|---|", ...rows, ""];
}

function section(kind: Kind, name: string, text: MethodText): string[] {
  const partners = goesWith(name);
  const other = kind === "optimizer" ? "Penalties" : "Optimizers";
  const own = (belongs[kind] as Readonly<Record<string, readonly TrainKey[]>>)[name];
  const keys: readonly TrainKey[] = kind === "optimizer" ? ["lr", ...own] : own;
  const pairs = `**${other}** ${partners.length ? partners.map((p) => p.replace(/^\w+/, "`$&`")).join(", ") : "none"}`;
  return described(name, text, [pairs, "", ...options(keys, defaults({ [kind]: name, ...needs[name] }))]);
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
    "see [results.md](results.md)). λ grows over the first tenth of the epochs, at most until the first milestone, unless\n`--lambda-warmup 0` is given.",
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
    ...described("lorita", lowRankRun, [...lowRankText, ...options(headings["Low rank"], defaults({ lorita: 2 }))]),
  ].join("\n");
