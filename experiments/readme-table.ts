/**
 * Writes the README's results table from the committed JSON of experiments/results, between its two markers.
 * Run: node dist/experiments/readme-table.js
 */
import { readFile, writeFile } from "node:fs/promises";
import { percent } from "espalier";
import type { Figures } from "./figures.ts";

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
const readme = await readFile("README.md", "utf8");
const [from, to] = MARKERS.map((m) => readme.indexOf(m));
if (from < 0 || to < from) throw new Error(`README.md lacks the markers ${MARKERS.join(" and ")}`);
await writeFile("README.md", `${readme.slice(0, from + MARKERS[0].length)}\n${lines.join("\n")}\n${readme.slice(to)}`);
