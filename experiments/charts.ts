/**
 * Draws the figures of docs/charts from the committed JSON of experiments/results.
 * Run: node dist/experiments/charts.js
 */
import { mkdir, writeFile } from "node:fs/promises";
import { type Chart, lineChart } from "espalier";
import { committed } from "./committed.ts";

/** [epoch, test accuracy, sparsity, …] */
type Curve = readonly (readonly number[])[];
/** Rows of a result; none while the experiment has not been run, and then its charts are left out. */
function load<R>(name: string, args = `${name}.js`): readonly R[] {
  const result = committed<R>(`experiments/results/${name}.json`, `node dist/experiments/${args}`);
  if (!result) console.error(`${name}.json is not there: its charts are left out`);
  return result?.rows ?? [];
}
const column = (curve: Curve, at: number, scale = 1) =>
  curve.map((row) => [row[0], row[at] * scale] as [number, number]);

interface Lorita {
  readonly depth: number;
  readonly factors: number;
  readonly global: readonly { readonly kept: number; readonly accuracy: { readonly mean: number } }[];
}
interface Sparse {
  readonly target: number;
  readonly method: string;
  readonly curve: Curve;
}
interface Stability {
  readonly method: string;
  readonly curve: Curve;
}

const logistic = load<Stability>("logistic-mnist");
const mlp = load<Stability>("stability-mlp7");
const grda = load<{ method: string; mu?: number; curve: Curve }>("grda-cnn6");
const grdaName = (r: { method: string; mu?: number }) => (r.mu === undefined ? "SGD" : `gRDA μ ${r.mu}`);

type Line = Parameters<typeof lineChart>[1][number];
const charts: Record<string, Chart> = {};
async function draw(name: string, title: string, lines: readonly Line[], axes: Parameters<typeof lineChart>[2]) {
  if (lines.length > 0) charts[name] = await lineChart(title, lines, axes);
}

await draw(
  "stability-mlp7",
  "Groups that became zero or nonzero per epoch, MLP-7 on Fashion-MNIST",
  mlp.map((r) => ({ name: r.method, points: column(r.curve, 3) })),
  { x: "epoch", y: "changes", counts: true },
);
await draw(
  "stability-logistic",
  "Groups that became zero or nonzero per epoch, logistic regression on MNIST",
  logistic
    .filter((r) => r.method === "rmda" || r.method === "proxSgd")
    .map((r) => ({ name: r.method, points: column(r.curve, 3) })),
  { x: "epoch", y: "changes", counts: true },
);
await draw(
  "logistic-sparsity",
  "Zero groups over epochs, logistic regression on MNIST",
  logistic.map((r) => ({ name: r.method, points: column(r.curve, 2, 100) })),
  { x: "epoch", y: "zero groups, %", fromZero: true },
);
await draw(
  "grda-accuracy",
  "Test accuracy of gRDA and SGD, six-layer network on the CIFAR-10 subset",
  grda.map((r) => ({ name: grdaName(r), points: column(r.curve, 1, 100) })),
  { x: "epoch", y: "test accuracy, %" },
);
await draw(
  "grda-sparsity",
  "Zero weights of gRDA and SGD, six-layer network on the CIFAR-10 subset",
  grda.map((r) => ({ name: grdaName(r), points: column(r.curve, 2, 100) })),
  { x: "epoch", y: "zero weights, %", fromZero: true },
);

const lorita = load<Lorita>("lorita-fcn");
for (const depth of new Set(lorita.map((r) => r.depth)))
  await draw(
    `lorita-${depth}`,
    `Accuracy against rank kept, ${depth} layers of width 96 on MNIST`,
    lorita
      .filter((r) => r.depth === depth)
      .map(({ factors, global }) => ({
        name: `N = ${factors}`,
        points: global.map((p) => [100 * p.kept, 100 * p.accuracy.mean] as const),
      })),
    { x: "singular values kept, %", y: "test accuracy, %" },
  );
for (const net of ["lenet5", "vgg-small"]) {
  const runs = load<Sparse>(`rigl-rmda-${net}`, `rigl-rmda.js ${net}`);
  await draw(
    `rigl-rmda-${net}`,
    `Zero weights over epochs, ${net}`,
    runs
      .filter((r) => r.target > 0)
      .map((r) => ({ name: `${r.method}, ${100 * r.target} %`, points: column(r.curve, 2, 100) })),
    { x: "epoch", y: "zero weights, %", fromZero: true },
  );
}

await mkdir("docs/charts", { recursive: true });
for (const [name, chart] of Object.entries(charts)) await writeFile(`docs/charts/${name}.svg`, chart.svg);
