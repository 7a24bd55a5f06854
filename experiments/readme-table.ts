/**
 * Writes the README's results table from the committed JSON of experiments/results, between its two markers.
 * Run: node dist/experiments/readme-table.js
 */
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
  rigTable,
  type Sparse,
  type Stability,
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
const add = (title: string, text: string, { command }: { readonly command: string }) =>
  parts.push(`**${title}** (\`${command}\`)\n\n${text}`);
const read = async <R>(name: string): Promise<Recorded<R>> =>
  JSON.parse(await readFile(`experiments/results/${name}.json`, "utf8"));

const logistic = await read<Logistic>("logistic-mnist");
add(
  "The RAMDA paper's logistic regression on MNIST: accuracy / weighted group sparsity",
  logisticTable(logistic),
  logistic,
);
const stability = await read<Stability>("stability-mlp7");
add("Does the structure stand still? MLP-7 on Fashion-MNIST", stabilityTable(stability), stability);
const { results } = JSON.parse(await readFile("bench/results/overhead.json", "utf8")) as { results: Overhead[] };
add("A training step divided by plain momentum SGD's, batch 128", overheadTable(results), {
  command: "npx tsc -p bench && node dist/bench/overhead.js",
});
const wgsef = await read<Wgsef>("wgsef-lenet");
add("WGSEF, LeNet-5 on MNIST: k fixed in advance, ProxSGD then HSPG", wgsefTable(wgsef), wgsef);
const lorita = await read<Lorita>("lorita-fcn");
add(
  "LoRITa, fully connected nets of width 96 on MNIST: singular values kept, three seeds",
  loritaTable(lorita),
  lorita,
);
const grda = await read<Grda>("grda-cnn6");
add("gRDA, Keras' six-layer network on the CIFAR-10 subset", grdaTable(grda), grda);
const rigl = [await read<Sparse>("rigl-rmda-lenet5"), await read<Sparse>("rigl-rmda-vgg-small")];
add("Single weights: RigL and magnitude pruning beside RMDA + ℓ₁: accuracy (zero weights)", rigTable(rigl), {
  command: "node dist/experiments/rigl-rmda.js lenet5|vgg-small CACHE",
});

const readme = await readFile("README.md", "utf8");
const [from, to] = MARKERS.map((m) => readme.indexOf(m));
if (from < 0 || to < from) throw new Error(`README.md lacks the markers ${MARKERS.join(" and ")}`);
await writeFile(
  "README.md",
  `${readme.slice(0, from + MARKERS[0].length)}\n${parts.join("\n\n")}\n${readme.slice(to)}`,
);
