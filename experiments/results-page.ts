/** The README's results, from the committed JSON of experiments/results and bench/results. */
import { existsSync, readFileSync } from "node:fs";
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
  readonly rows: readonly (Omit<Figures, "latencyMs"> & {
    readonly latencyMs?: Figures["latencyMs"];
    readonly lambda: number;
    readonly method?: string;
  })[];
}

const json = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));

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

/** Training, shrinking and what that gained: one row per run. */
function shrunkTable(): string {
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
    const result = json(`experiments/results/${name}.json`) as Result;
    for (const row of result.rows) lines.push(line(what, result, row));
  }
  return lines.join("\n");
}

interface Section<R> {
  /** The committed result. */
  readonly name: string;
  readonly title: (r: Recorded<R>) => string;
  readonly table: (r: Recorded<R>) => string;
  /** Of docs/charts. */
  readonly charts?: readonly string[];
  /** What the figures do not say themselves. */
  readonly note?: string;
}

/** A table below its title, with the chart that goes with it; none while the experiment has not been run. */
function section<R>({ name, title, table, charts = [], note }: Section<R>): string[] {
  const path = `experiments/results/${name}.json`;
  if (!existsSync(path)) return [];
  const result = json(path) as Recorded<R>;
  const figures = charts.map((chart) => `![${title(result)}](docs/charts/${chart}.svg)`);
  const head = `**${title(result)}** (\`${result.command}\`)`;
  return [[head, table(result), ...(note ? [note] : []), ...figures].join("\n\n")];
}

const singleWeights: Readonly<Record<string, string>> = {
  lenet5: "One seed, 12 epochs of MNIST; the λ of RMDA is searched for the sparsity alone.",
  "vgg-small": [
    "One seed, 12 epochs of 10,000 images of CIFAR-10, and 2,000 to test: 1 point is 20 images. RigL and magnitude pruning train with",
    "SGD's learning rate, RMDA with its own. How they compare after longer training was not measured.",
  ].join("\n"),
};

/** All tables, in the order of the README. Read from the folder that the program runs in, the package's. */
export function resultsPage(): string {
  const { results } = json("bench/results/overhead.json") as { results: Overhead[] };
  const subset = ({ settings: { images } }: Recorded<unknown>) =>
    Number(images) < 60_000 ? `${Number(images).toLocaleString("en-US")} images of MNIST` : "MNIST";
  return [
    shrunkTable(),
    ...section<Logistic>({
      name: "logistic-mnist",
      title: () => "The RAMDA paper's logistic regression on MNIST: accuracy / weighted group sparsity",
      table: logisticTable,
      charts: ["stability-logistic"],
      note: [
        "The sparsity of ProxSGD, ProxSSI and ProxGen oscillates, and the paper gives their sparsest epoch. Here that comes early, where",
        "ProxSSI and ProxGen are 0.2 points less accurate than at the end; with the accuracy of the last epoch their rows are the paper's.",
        "ProxSSI leaves the second moment in its metric uncorrected, which is a factor 1/√(1 − β₂ᵗ) on λ that soon is 1: its curve and",
        "ProxGen's part only at the beginning.",
      ].join("\n"),
    }),
    ...section<Stability>({
      name: "stability-mlp7",
      title: () => "Does the structure stand still? MLP-7 on Fashion-MNIST, zero groups",
      table: stabilityTable,
      charts: ["stability-mlp7"],
    }),
    [
      "**A training step divided by plain momentum SGD's, batch 128** (`npx tsc -p bench && node dist/bench/overhead.js`)",
      overheadTable(results),
    ].join("\n\n"),
    ...section<Wgsef>({
      name: "wgsef-lenet",
      title: () => "WGSEF, LeNet-5 on MNIST: k fixed in advance, ProxSGD then HSPG",
      table: wgsefTable,
    }),
    ...section<Lorita>({
      name: "lorita-fcn",
      title: (r) =>
        `LoRITa, fully connected nets of width 96 on ${subset(r)}: accuracy where a share of the singular values is kept, three seeds`,
      table: loritaTable,
      charts: ["lorita-8"],
    }),
    ...section<Grda>({
      name: "grda-cnn6",
      title: () => "gRDA, Keras' six-layer network on the CIFAR-10 subset",
      table: grdaTable,
      charts: ["grda-accuracy", "grda-sparsity"],
      note: [
        "The authors' figure has, after 100 epochs on all of CIFAR-10 and read off: SGD 81 %, μ 0.3 81.5 % at 4 % zeros, μ 0.51 82 % at 19 %,",
        "μ 0.7 82 % at 70 %, μ 1 74 % at 98 %. A fifth of the images and 25 epochs leave every accuracy far below; the order of the sparsities",
        "is the same, and so is that a small μ costs nothing.",
      ].join("\n"),
    }),
    ...Object.entries(singleWeights).flatMap(([net, note]) =>
      section<Sparse>({
        name: `rigl-rmda-${net}`,
        title: () => `Single weights, ${net}: RigL and magnitude pruning beside RMDA + ℓ₁, accuracy (zero weights)`,
        table: sparseTable,
        charts: [`rigl-rmda-${net}`],
        note,
      }),
    ),
  ].join("\n\n");
}

/** @throws Error when the markers are not there */
export function withResults(readme: string): string {
  const markers = ["<!-- results -->", "<!-- /results -->"] as const;
  const [from, to] = markers.map((m) => readme.indexOf(m));
  if (from < 0 || to < from) throw new Error(`README.md lacks the markers ${markers.join(" and ")}`);
  return `${readme.slice(0, from + markers[0].length)}\n${resultsPage()}\n${readme.slice(to)}`;
}
