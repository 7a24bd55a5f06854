/**
 * WGSEF on LeNet-5 and MNIST in the paper's two stages, ProxSGD then HSPG (Refael, Arbel & Huleihel 2024): how many groups of every
 * channel set survive, k, is fixed in advance. λ is the first of a list with which k survive in every set at the end — no accuracy
 * decides, so that the test set stays unseen — and every λ tried is in the result.
 * Run: node dist/experiments/wgsef-lenet.js [--data-root DIR] [--draft]
 */
import { parseArgs } from "node:util";
import { cosine, groupSets, hspg, models, type Run, settingsOf, train, wgsef, zeroGroups } from "espalier";
import { datasets } from "espalier/node";
import { untunedNode } from "./engine.ts";
import { type Figures, figuresOf, gist } from "./figures.ts";
import { begin, common } from "./record.ts";

const { values } = parseArgs({ options: common });
const recording = begin({ name: "wgsef-lenet", draft: values.draft });
const data = await datasets.open("mnist", { root: values["data-root"] });
const engine = untunedNode({ threads: 1 });
const [epochs, switchEpoch, lr, momentum] = [12, 6, 0.2, 0.9];
const lambdas = [0.05, 0.1];

/** One number per channel set, by the name of the layer that makes its channels. */
type PerSet = Readonly<Record<string, number>>;

interface Row extends Figures {
  readonly keep: number;
  readonly lambda: number;
  /** The settings of the run, as it resolved them. */
  readonly ran: ReturnType<typeof settingsOf>;
  readonly k: PerSet;
  readonly survivors: PerSet;
  /** The sets where more than k survive. */
  readonly moreThanK: readonly string[];
  /** The first epoch after which no count changes any more. */
  readonly settledAfter: number;
  readonly survivorsPerEpoch: readonly PerSet[];
}

function survivors({ model: { graph } }: Run): PerSet {
  const tensors = new Map([...graph.initializers].map(([v, t]) => [v.name, t]));
  return Object.fromEntries(
    groupSets(graph, "coupled").map((set) => [set.name, zeroGroups(set, tensors).filter((z) => !z).length]),
  );
}

const text = (counts: PerSet) => Object.values(counts).join(", ");

async function trial(keep: number, lambda: number): Promise<Row> {
  const model = models.lenet5({ seed: 1 });
  const k = Object.fromEntries(
    groupSets(model.graph, "coupled").map((s) => [s.name, Math.ceil(keep * s.count - 1e-9)]),
  );
  const run = train(model, data, {
    engine,
    optimizer: hspg({ stage1: "prox", switchEpoch, momentum }),
    schedule: cosine({ lr }),
    penalty: wgsef({ lambda, keep, groups: "coupled" }),
    epochs,
    seed: 1,
  });
  const perEpoch: PerSet[] = [];
  for await (const m of run) {
    perEpoch.push(survivors(run));
    console.error(
      `keep ${keep}, λ ${lambda}, epoch ${m.epoch}: test ${m.testAccuracy}, ${text(perEpoch.at(-1)!)} survive`,
    );
  }
  const last = perEpoch.at(-1)!;
  return {
    keep,
    lambda,
    ran: settingsOf(run.options, run.data),
    k,
    survivors: last,
    moreThanK: Object.keys(k).filter((set) => last[set] > k[set]),
    settledAfter: perEpoch.findLastIndex((counts) => text(counts) !== text(last)) + 2,
    ...(await figuresOf(run, engine, Number(values.wait))),
    survivorsPerEpoch: perEpoch,
  };
}

const rows: Row[] = [];
const trials: object[] = [];
for (const keep of [0.5, 0.25, 0.1]) {
  let row: Row | undefined;
  for (const lambda of lambdas) {
    row = await trial(keep, lambda);
    const { survivors, settledAfter, testAccuracy } = row;
    trials.push({ keep, lambda, survivors, settledAfter, testAccuracy });
    if (row.moreThanK.length === 0) break;
  }
  const f = row!;
  rows.push(f);
  console.log(
    `keep ${keep}, λ ${f.lambda}: ${gist(f)}, k ${text(f.k)}, ${text(f.survivors)} survive since epoch ${f.settledAfter}`,
  );
}
await recording.write(engine, {
  settings: {
    model: "lenet5",
    data: "mnist",
    epochs,
    switchEpoch,
    schedule: "cosine",
    lr,
    momentum,
    groups: "coupled",
    batchSize: 128,
    d: 1,
    lambdas,
    trials,
    seed: 1,
  },
  rows,
});
