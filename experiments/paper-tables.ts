/** The tables of the papers' methods in docs/results.md, each from one committed JSON. */
import { markdown, percent } from "espalier";
import type { Recorded } from "./committed.ts";
import type { Figures } from "./figures.ts";

type Spread = { readonly mean: number; readonly std: number };

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  markdown({ head, text: [0], rows });
/** How many times as fast the shrunk model is. */
export const faster = ({ latencyMs }: { readonly latencyMs?: Figures["latencyMs"] }): string =>
  latencyMs ? `${(latencyMs.before / latencyMs.after).toFixed(1)}×` : "not measured";
const spread = ({ mean, std }: Spread): string => `${(100 * mean).toFixed(2)} ± ${(100 * std).toFixed(2)} %`;

interface Point {
  readonly epoch: number;
  readonly testAccuracy: number;
  readonly weightedGroupSparsity: number;
}
export interface Logistic {
  readonly method: string;
  readonly published: Omit<Point, "epoch">;
  readonly last: Point;
  readonly best: Point;
  readonly countedFrom: number;
  readonly changesPerEpoch: number;
}

/** Accuracy / sparsity beside the published ones, and how still the pattern stands at the end. */
export function logisticTable({ rows }: Recorded<Logistic>): string {
  const pair = (p: Omit<Point, "epoch">) => `${percent(p.testAccuracy)} / ${percent(p.weightedGroupSparsity)}`;
  return table(
    ["method", "published", "last epoch", "sparsest epoch", "groups changed per epoch at the end"],
    rows.map((r) => [r.method, pair(r.published), pair(r.last), pair(r.best), r.changesPerEpoch.toFixed(2)]),
  );
}

export interface StabilityRow {
  readonly method: string;
  readonly testAccuracy: number;
  readonly groupSparsity: number;
  readonly countedFrom: number;
  readonly changesPerEpoch: number;
}

export const stabilityTable = ({ rows }: Recorded<StabilityRow>): string =>
  table(
    ["method", "accuracy", "zero groups", "counted from epoch", "groups changed per epoch"],
    rows.map((r) => [
      r.method,
      percent(r.testAccuracy),
      percent(r.groupSparsity),
      String(r.countedFrom),
      r.changesPerEpoch.toFixed(2),
    ]),
  );

export interface Wgsef extends Figures {
  readonly keep: number;
  readonly lambda: number;
  readonly k: Readonly<Record<string, number>>;
  readonly survivors: Readonly<Record<string, number>>;
  readonly settledAfter: number;
}

export function wgsefTable({ rows }: Recorded<Wgsef>): string {
  const counts = (c: Readonly<Record<string, number>>) => Object.values(c).join(", ");
  return table(
    [
      "keep",
      "λ",
      "k per layer",
      "survive",
      "count settled after epoch",
      "accuracy",
      "shrunk",
      "parameters kept",
      "faster",
    ],
    rows.map((r) => [
      String(r.keep),
      String(r.lambda),
      counts(r.k),
      counts(r.survivors),
      String(r.settledAfter),
      percent(r.testAccuracy),
      percent(r.smallAccuracy),
      percent(r.params.after / r.params.before),
      faster(r),
    ]),
  );
}

interface Truncated {
  readonly keep: number;
  readonly accuracy: Spread;
  readonly params: number;
}
export interface Lorita {
  readonly depth: number;
  readonly factors: number;
  readonly decay: number;
  readonly testAccuracy: Spread;
  readonly params: number;
  readonly global: readonly Truncated[];
}

/** Accuracy when a share of all singular values is kept by one threshold. */
export function loritaTable({ rows }: Recorded<Lorita>, shares: readonly number[] = [0.5, 0.25, 0.16, 0.1]): string {
  return table(
    ["layers", "N", "weight decay", "composed back", ...shares.map((s) => `${100 * s} % kept`)],
    rows.map((r) => [
      String(r.depth),
      String(r.factors),
      String(r.decay),
      spread(r.testAccuracy),
      ...shares.map((s) => spread(r.global.find((p) => p.keep === s)!.accuracy)),
    ]),
  );
}

export interface Grda {
  readonly method: string;
  readonly mu?: number;
  readonly testAccuracy: number;
  readonly elementSparsity: number;
}

export const grdaTable = ({ rows }: Recorded<Grda>): string =>
  table(
    ["method", "accuracy", "zero weights"],
    rows.map((r) => [
      r.mu === undefined ? "SGD" : `gRDA, μ ${r.mu}`,
      percent(r.testAccuracy),
      percent(r.elementSparsity),
    ]),
  );

export interface Sparse {
  readonly target: number;
  readonly method: string;
  readonly lambda?: number;
  readonly sparsity: number;
  readonly testAccuracy: number;
}

/** One row per sparsity, one column per method. */
export function sparseTable({ rows }: Recorded<Sparse>): string {
  const methods = ["sgd", "rigl", "magnitude", "rmda"];
  const cells = [...new Set(rows.map((r) => r.target))].map((target) => [
    target ? percent(target) : "dense",
    ...methods.map((method) => {
      const r = rows.find((x) => x.target === target && x.method === method);
      return r ? `${percent(r.testAccuracy)} (${percent(r.sparsity)})` : "–";
    }),
  ]);
  return markdown({ head: ["zero weights", "SGD", "RigL", "magnitude", "RMDA + ℓ₁"], text: [0], rows: cells });
}
