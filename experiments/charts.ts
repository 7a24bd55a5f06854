/**
 * Draws the figures of docs/charts from the committed JSON of experiments/results.
 * Run: node dist/experiments/charts.js
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { type Chart, lineChart } from "espalier";

/** [epoch, test accuracy, sparsity, …] */
type Curve = readonly (readonly number[])[];
interface Result<R> {
  readonly rows: readonly R[];
}
const load = async <R>(name: string): Promise<readonly R[]> =>
  (JSON.parse(await readFile(`experiments/results/${name}.json`, "utf8")) as Result<R>).rows;
const column = (curve: Curve, at: number, scale = 1) =>
  curve.map((row) => [row[0], row[at] * scale] as [number, number]);

interface Stability {
  readonly method: string;
  readonly curve: Curve;
}

const logistic = await load<Stability>("logistic-mnist");
const mlp = await load<Stability>("stability-mlp7");
const grda = await load<{ method: string; mu?: number; curve: Curve }>("grda-cnn6");
const grdaName = (r: { method: string; mu?: number }) => (r.mu === undefined ? "SGD" : `gRDA μ ${r.mu}`);

const charts: Readonly<Record<string, Promise<Chart>>> = {
  "stability-mlp7": lineChart(
    "Groups that became zero or nonzero per epoch, MLP-7 on Fashion-MNIST",
    mlp.map((r) => ({ name: r.method, points: column(r.curve, 3) })),
    { x: "epoch", y: "changes", counts: true },
  ),
  "stability-logistic": lineChart(
    "Groups that became zero or nonzero per epoch, logistic regression on MNIST",
    logistic
      .filter((r) => r.method === "rmda" || r.method === "proxSgd")
      .map((r) => ({ name: r.method, points: column(r.curve, 3) })),
    { x: "epoch", y: "changes", counts: true },
  ),
  "logistic-sparsity": lineChart(
    "Zero groups over epochs, logistic regression on MNIST",
    logistic.map((r) => ({ name: r.method, points: column(r.curve, 2, 100) })),
    { x: "epoch", y: "zero groups, %", fromZero: true },
  ),
  "grda-accuracy": lineChart(
    "Test accuracy of gRDA and SGD, six-layer network on the CIFAR-10 subset",
    grda.map((r) => ({ name: grdaName(r), points: column(r.curve, 1, 100) })),
    { x: "epoch", y: "test accuracy, %" },
  ),
  "grda-sparsity": lineChart(
    "Zero weights of gRDA, six-layer network on the CIFAR-10 subset",
    grda.filter((r) => r.mu !== undefined).map((r) => ({ name: grdaName(r), points: column(r.curve, 2, 100) })),
    { x: "epoch", y: "zero weights, %", fromZero: true },
  ),
};

await mkdir("docs/charts", { recursive: true });
for (const [name, chart] of Object.entries(charts)) await writeFile(`docs/charts/${name}.svg`, (await chart).svg);
