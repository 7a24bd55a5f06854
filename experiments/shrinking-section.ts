/** Shrinking while training against the same runs without it: the section of docs/results.md. */
import { markdown, mean, percent } from "espalier";
import { meanStd } from "./record.ts";
import type { Section } from "./sections.ts";
import { problems } from "./shrinking-problems.ts";

/** A run of experiments/shrinking-runs.ts. */
interface ShrinkingRun {
  readonly net: string;
  readonly method: string;
  readonly seed: number;
  readonly shrinking: boolean;
  readonly testAccuracy: number;
  readonly groupSparsity: number;
  readonly groups: number;
  /** Wall time of its epochs. */
  readonly seconds: number;
  /** Of a run without shrinking: groups that would have left by their time at zero alone, and those of them that were not zero later. */
  readonly wouldLeave?: number;
  readonly cameBack?: number;
  /** Of the same: groups that are zero in it, or in one that differs by rounding alone, and not in the other. */
  readonly byRounding?: number;
  /** Of a run with it: groups that are zero in one of the two and not in the other, and channels that came back. */
  readonly differ?: number;
  readonly returned?: number;
}

const spread = (xs: readonly number[]): string => {
  const { mean: middle, std } = meanStd(xs);
  return `${percent(middle, 1)} ± ${percent(std, 1)}`;
};

/** One row per network and method, over the seeds. */
function table({ rows }: { readonly rows: readonly ShrinkingRun[] }): string {
  const line = (net: string, method: string): string[] => {
    const own = rows.filter((r) => r.net === net && r.method === method);
    const sides = [false, true].map((on) => own.filter((r) => r.shrinking === on));
    const [off, on] = sides.map((of) => mean(of.map((r) => r.seconds)));
    const sum = (key: "wouldLeave" | "cameBack" | "differ" | "byRounding" | "returned") =>
      own.reduce((n, r) => n + (r[key] ?? 0), 0);
    return [
      net,
      method,
      ...sides.map((of) => spread(of.map((r) => r.testAccuracy))),
      ...sides.map((of) => spread(of.map((r) => r.groupSparsity))),
      `${sum("differ")} of ${sides[1].reduce((n, r) => n + r.groups, 0)}`,
      String(sum("byRounding")),
      `${sum("cameBack")} of ${sum("wouldLeave")}`,
      String(sum("returned")),
      (on / off).toFixed(2),
    ];
  };
  const pairs = new Map(rows.map((r) => [`${r.net} ${r.method}`, [r.net, r.method] as const]));
  return markdown({
    head: [
      "network",
      "method",
      "accuracy",
      "shrinking",
      "zero groups",
      "shrinking",
      "differ",
      "by rounding",
      "came back",
      "brought back",
      "time, of without",
    ],
    text: [0, 1],
    rows: [...pairs.values()].map(([net, method]) => line(net, method)),
  });
}

const told = Object.entries(problems).map(
  ([net, { data, images, halved }]) => `${net}: ${images} images of ${data}${halved ? " at half their side" : ""}`,
);

export const shrinkingSection: Section<ShrinkingRun> = {
  path: "experiments/results/shrinking-runs.json",
  command: "node dist/experiments/shrinking-runs.js",
  title: () => "Shrinking while training",
  table,
  notes: ({ settings }) => [
    `Each run twice, with the default of \`shrinkEvery\` and without, side by side, each on a thread (${told.join("; ")}); coupled groups, ${String(settings["epochs"])} epochs; mean ± sample standard deviation of seeds ${String(settings["seeds"])}. *differ*: groups that are zero in one of the two and not in the other; *by rounding*: as many between the run without and one more from weights that differ in their last digits. *came back*: of the groups that had been zero for ${String(settings["shrinkAfter"])} epochs in the runs without shrinking, those that were not zero later: what would be lost if time at zero alone decided. *brought back*: channels that the gradients of the whole network brought back into runs that shrink.`,
  ],
};
