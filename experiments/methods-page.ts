/** docs/methods.md as text: what every method says of itself, its pairs, and the command of its chart. */
import {
  type Description,
  goesWith,
  lowRankMethods,
  type OptimizerMethod,
  type OptionSpec,
  optimizers,
  optionSpecs,
  type PenaltyMethod,
  penalties,
  usualOptimizer,
} from "espalier";
import { written } from "../cli/settings/method-help.ts";
import { ownersOf } from "../cli/settings/method-options.ts";
import { kebab } from "../cli/settings/names.ts";
import { belongs, headings } from "../cli/settings/train-choices.ts";
import { type TrainKey, trainFields } from "../cli/settings/train-fields.ts";
import { guideText, lowRankText } from "./methods-text.ts";

/** What the charts of the page show: one small run each. */
export const COMMON = { model: "lenet5-small", data: "digits", epochs: 12, seed: 1 };

type Demo = Description["demo"];

/** The settings of the run that shows each method: those of all, what names the method, and its own. */
export const demos: Readonly<Record<string, Demo>> = {
  ...fromEach(optimizers, ({ name, demo }: OptimizerMethod) => ({ optimizer: name, ...demo })),
  ...fromEach(penalties, ({ name, demo: { optimizer = usualOptimizer.plain, ...demo } }: PenaltyMethod) => {
    const method: OptimizerMethod = optimizers[optimizer as keyof typeof optimizers];
    return { optimizer, ...(method.defaults.penalty !== name && { penalty: name }), ...demo };
  }),
  ...fromEach(lowRankMethods, ({ demo }: Description) => demo),
};

function fromEach<M>(methods: Readonly<Record<string, M>>, demo: (method: M) => Demo): Record<string, Demo> {
  return Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, { ...COMMON, ...demo(method) }]));
}

/** A number as a command has it: 2e-3, 0.05. */
const typed = (x: unknown): string =>
  typeof x === "number" && x > 0 && x < 5e-3 ? x.toExponential() : Array.isArray(x) ? x.join(",") : kebab(String(x));

/** The command of a method's chart. */
export const demoCommand = (method: string): string =>
  `espalier train ${Object.entries(demos[method])
    .map(([key, value]) => `--${kebab(key)} ${typed(value)}`)
    .join(" ")}`;

const cell = (text: string) => text.replaceAll("|", "\\|");

/** A row of a table of options: how it is typed, what it is when nothing is said, what the paper takes, what it is for. */
function row(key: TrainKey, spec: OptionSpec = {}, form?: string): string {
  const { value, help } = trainFields[key];
  const flag = `\`--${kebab(key)}${value ? ` ${cell(value)}` : ""}\`${form ? ` (${form})` : ""}`;
  const set = spec.default ?? spec.start;
  const about = spec.description ?? help;
  return `| ${flag} | ${set === undefined ? "" : `\`${written(set)}\``} | ${spec.paper ?? ""} | ${cell(about)} |`;
}

function table(rows: readonly string[]): string[] {
  if (rows.length === 0) return ["No options of its own.", ""];
  return ["| option | default | paper | |", "|---|---|---|---|", ...rows, ""];
}

/** The options of an optimizer, those of its further forms behind the first's. */
const optimizerRows = ({ forms }: OptimizerMethod): string[] =>
  forms.flatMap(({ form, options, defaults }, i) => {
    const { form: choice, ...specs } = optionSpecs(options);
    const own = {
      lr: { default: defaults.lr, description: "learning rate" },
      ...(i === 0 && choice && { form: choice }),
    };
    return Object.entries<OptionSpec>({ ...own, ...specs }).map(([key, spec]) =>
      row(key as TrainKey, spec, i === 0 ? undefined : form),
    );
  });

/** The options of a penalty, the parts of a record as settings of their own, and what a run does with any penalty. */
function penaltyRows({ name, options }: PenaltyMethod): string[] {
  const owners = ownersOf([{ name, options }]);
  return belongs.penalty[name].map((key) => row(key, owners.get(key)?.[0].spec));
}

function section(other: string, method: Description & { readonly name: string }, rows: readonly string[]): string[] {
  const partners = goesWith(method.name).map((p) => p.replace(/^\w+/, "`$&`"));
  return described(method, [`**${other}** ${partners.join(", ") || "none"}`, "", ...table(rows)]);
}

/** What every method's section has, with its own lines before the command. */
function described(text: Description & { readonly name: string }, own: readonly string[]): string[] {
  const { name } = text;
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
    `npx ${demoCommand(name)}`,
    "```",
    "",
    `![Accuracy and sparsity of ${name} over the epochs of this command](methods/${kebab(name)}.svg)`,
    "",
  ];
}

/** The whole page. */
export const methodsPage = (): string =>
  [
    "# Methods",
    "",
    "<!-- written by `node dist/experiments/methods-doc.js`; every method's words and options are in its file -->",
    "",
    "An optimizer decides how weights move, a penalty what should become zero, groups what becomes zero together. Any pair whose",
    "proximal step is defined may be combined; another is refused with the list of those that are. The charts show the command above",
    "them, on the embedded digits and two processor cores: they show how a method behaves, not how good it is on a real task (for that",
    "see [results.md](results.md)). λ grows over the first tenth of the epochs, at most until the first milestone, unless\n`--lambda-warmup 0` is given.",
    "",
    ...guideText,
    "## Optimizers",
    "",
    ...Object.values(optimizers).flatMap((o: OptimizerMethod) => section("Penalties", o, optimizerRows(o))),
    "## Penalties",
    "",
    ...Object.values(penalties).flatMap((p: PenaltyMethod) => section("Optimizers", p, penaltyRows(p))),
    "## Low rank",
    "",
    ...Object.values(lowRankMethods).flatMap((m) =>
      described(m, [...lowRankText, ...table(headings["Low rank"].map((key) => row(key)))]),
    ),
  ].join("\n");
