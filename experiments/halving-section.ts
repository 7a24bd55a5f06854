/** What successive halving saved against the full grid of the same trials. */
import { count, markdown, percent } from "espalier";
import type { Section } from "./sections.ts";

interface HalvingPoint {
  /** From 1. */
  readonly trial: number;
  readonly values: Readonly<Record<string, unknown>>;
  /** On validation samples; what the search goes by. */
  readonly accuracy: number;
  readonly testAccuracy: number;
  readonly params: number;
}

/** What experiments/halving-lenet.ts measures of a sweep. */
export interface HalvingRow {
  readonly search: string;
  readonly processorSeconds: number;
  readonly seconds: number;
  readonly trials: number;
  readonly finished: number;
  readonly epochs: number;
  readonly best: HalvingPoint;
  /** The best first. */
  readonly front: readonly HalvingPoint[];
}

const names: Readonly<Record<string, string>> = { grid: "all to their end", halving: "the best third goes on" };
const said = (point: HalvingPoint): string =>
  Object.entries(point.values)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");

export const halvingSection: Section<HalvingRow> = {
  path: "experiments/results/halving-lenet.json",
  command: "node dist/experiments/halving-lenet.js",
  title: ({ rows }) => `A sweep of ${rows[0].trials} trials on LeNet-5, with and without successive halving`,
  table: ({ rows }) =>
    markdown({
      head: [
        "trials",
        "epochs",
        "processor s",
        "finished",
        "best accuracy",
        "on test samples",
        "parameters",
        "settings",
      ],
      text: [0, 7],
      rows: rows.map((r) => [
        names[r.search],
        count(r.epochs),
        r.processorSeconds.toFixed(0),
        count(r.finished),
        percent(r.best.accuracy),
        percent(r.best.testAccuracy),
        count(r.best.params),
        said(r.best),
      ]),
    }),
  notes: ({ rows: [grid, halving], settings }) => {
    const kept = halving.front.filter((p) => grid.front.some((q) => q.trial === p.trial)).length;
    return [
      `Procedural digits: ${settings["train"]} samples to train with, ${settings["validation"]} to choose by, ${settings["test"]} to test; ${settings["epochs"]} epochs, one thread, seed ${settings["seed"]}; a trial that is finished is shrunk, verified and measured, which is in its time, on a machine that did other things meanwhile. Halving took ${percent(halving.processorSeconds / grid.processorSeconds, 0)} of the grid's processor time for ${percent(halving.epochs / grid.epochs, 0)} of its epochs. Of the grid's Pareto front (accuracy against parameters, ${grid.front.length} trials) it found ${kept}: the rungs compare sizes by weights in groups that are zero after one epoch and after three, when most λ have not worked yet.`,
    ];
  },
};
