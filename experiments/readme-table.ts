/**
 * Writes the README's results table from the committed JSON of experiments/results, between its two markers.
 * Run: node dist/experiments/readme-table.js
 */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { percent } from "espalier";
import type { Figures } from "./figures.ts";
import {
  type Grda,
  grdaTable,
  type Logistic,
  type Lorita,
  logisticTable,
  loritaTable,
  type Overhead,
  overheadTable,
  type Recorded,
  type Sparse,
  type Stability,
  sparseTable,
  stabilityTable,
  type Wgsef,
  wgsefTable,
} from "./paper-tables.ts";

interface Result {
  readonly command: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly rows: readonly (Omit<Figures, "latencyMs"> & {
    readonly latencyMs?: Figures["latencyMs"];
    readonly lambda: number;
    readonly method?: string;
  })[];
}

const MARKERS = ["<!-- results -->", "<!-- /results -->"] as const;
const load = async (name: string): Promise<Result> =>
  JSON.parse(await readFile(`experiments/results/${name}.json`, "utf8"));

function line(what: string, { command }: Result, f: Result["rows"][number]): string {
  const cells = [
    what,
    f.lambda ? String(f.lambda) : "dense",
    percent(f.testAccuracy),
    percent(f.smallAccuracy),
    percent(f.params.after / f.params.before),
    percent(f.macs.after / f.macs.before),
    f.latencyMs ? `${(f.latencyMs.before / f.latencyMs.after).toFixed(1)}×` : "not measured",
    f.maxRelDiff.toExponential(0),
    `\`${command}\``,
  ];
  return `| ${cells.join(" | ")} |`;
}

const head = [
  "model, data",
  "λ",
  "accuracy",
  "shrunk",
  "parameters kept",
  "MACs kept",
  "faster",
  "largest difference",
  "command",
];
const lines = [`| ${head.join(" | ")} |`, `|${head.map(() => "---|").join("")}`];
for (const [name, what] of [
  ["lenet-mnist", "LeNet-5, MNIST"],
  ["mlp-curve", "MLP-7, Fashion-MNIST"],
  ["resnet20-cifar", "ResNet-20, CIFAR-10 subset (10,000 / 2,000)"],
] as const) {
  const result = await load(name);
  for (const row of result.rows) lines.push(line(what, result, row));
}

const parts: string[] = [lines.join("\n")];
/** A table below its title, and the chart that goes with it. */
function add(title: string, command: string, text: string, chart?: string): void {
  const figure = chart ? `\n\n![${title}](docs/charts/${chart}.svg)` : "";
  parts.push(`**${title}** (\`${command}\`)\n\n${text}${figure}`);
}
/** A table of one result; none while the experiment has not been run. */
async function section<R>(name: string, title: string, of: (r: Recorded<R>) => string, chart?: string): Promise<void> {
  const result = await recorded<R>(name);
  if (result) add(title, result.command, of(result), chart);
}
async function recorded<R>(name: string): Promise<Recorded<R> | undefined> {
  if (existsSync(`experiments/results/${name}.json`)) return (await load(name)) as unknown as Recorded<R>;
  console.error(`${name}.json is not there: its table is left out`);
  return undefined;
}

await section<Logistic>(
  "logistic-mnist",
  "The RAMDA paper's logistic regression on MNIST: accuracy / weighted group sparsity",
  logisticTable,
  "stability-logistic",
);
await section<Stability>(
  "stability-mlp7",
  "Does the structure stand still? MLP-7 on Fashion-MNIST, zero groups",
  stabilityTable,
  "stability-mlp7",
);
const { results } = JSON.parse(await readFile("bench/results/overhead.json", "utf8")) as { results: Overhead[] };
add(
  "A training step divided by plain momentum SGD's, batch 128",
  "npx tsc -p bench && node dist/bench/overhead.js",
  overheadTable(results),
);
await section<Wgsef>("wgsef-lenet", "WGSEF, LeNet-5 on MNIST: k fixed in advance, ProxSGD then HSPG", wgsefTable);
await section<Lorita>(
  "lorita-fcn",
  "LoRITa, fully connected nets of width 96, MNIST: accuracy where a share of the singular values is kept, three seeds",
  loritaTable,
  "lorita-8",
);
await section<Grda>("grda-cnn6", "gRDA, Keras' six-layer network on the CIFAR-10 subset", grdaTable, "grda-sparsity");
for (const net of ["lenet5", "vgg-small"])
  await section<Sparse>(
    `rigl-rmda-${net}`,
    `Single weights, ${net}: RigL and magnitude pruning beside RMDA + ℓ₁, accuracy (zero weights)`,
    sparseTable,
  );

const readme = await readFile("README.md", "utf8");
const [from, to] = MARKERS.map((m) => readme.indexOf(m));
if (from < 0 || to < from) throw new Error(`README.md lacks the markers ${MARKERS.join(" and ")}`);
await writeFile(
  "README.md",
  `${readme.slice(0, from + MARKERS[0].length)}\n${parts.join("\n\n")}\n${readme.slice(to)}`,
);
