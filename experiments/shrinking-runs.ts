/**
 * Shrinking while training against the same runs without it: LeNet-5 on MNIST, ResNet-20 and a small VGG on CIFAR-10 (here subsets, see
 * the record's counts), by RMDA, ProxSGD and HSPG, three seeds. Beside accuracy, structure and time it counts, in the run without, the
 * groups that would have left, and how many of them came back: what a run that has shrunk cannot see.
 * Run: node dist/experiments/shrinking-runs.js lenet5|resnet20|vgg-small [--epochs 12] [--images 10000] [--seeds 1,2,3]
 *   [--every 2] [--after 2] [--lambda 3e-3] [--data-root DIR] [--draft]
 */
import { parseArgs } from "node:util";
import {
  cost,
  type EpochMetrics,
  groupLasso,
  groupSets,
  hspg,
  limitTrain,
  type Model,
  model,
  multiStep,
  type Optimizer,
  percent,
  proxSgd,
  type Run,
  rmda,
  settingsOf,
  shrink,
  train,
  zeroGroups,
} from "espalier";
import { datasets, node } from "espalier/node";
import { begin, common, numbersFlag } from "./record.ts";

/** The data of a network, and the learning rates that it takes: of RMDA, of the others. */
const networks: Readonly<Record<string, { readonly data: string; readonly lr: readonly [number, number] }>> = {
  lenet5: { data: "mnist", lr: [0.1, 0.1] },
  resnet20: { data: "cifar10", lr: [0.5, 0.1] },
  "vgg-small": { data: "cifar10", lr: [0.2, 0.05] },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...common,
    epochs: { type: "string", default: "12" },
    images: { type: "string", default: "10000" },
    seeds: { type: "string", default: "1,2,3" },
    every: { type: "string", default: "2" },
    after: { type: "string", default: "2" },
    lambda: { type: "string", default: "3e-3" },
  },
});
const [net] = positionals;
const network = networks[net];
if (!network) throw new Error(`usage: shrinking-runs.js ${Object.keys(networks).join("|")}`);
const recording = begin({ name: `shrinking-runs-${net}`, draft: values.draft });
const [epochs, images, shrinkEvery, shrinkAfter, lambda] = [
  values.epochs,
  values.images,
  values.every,
  values.after,
  values.lambda,
].map(Number);
const seeds = numbersFlag(values.seeds);
const data = limitTrain(await datasets.open(network.data, { root: values["data-root"] }), images, 1);
const engine = node({ threads: 1 });
const milestones = [Math.round(epochs / 3), Math.round((2 * epochs) / 3)];
const restarts = milestones.slice(0, 1); // from there on c is 1

/** With each, the learning rate. */
const optimizers: readonly (readonly [Optimizer, number])[] = [
  [rmda({ c: 0.1, restarts }), network.lr[0]],
  [proxSgd(), network.lr[1]],
  [hspg({ switchEpoch: milestones[1], momentum: 0.9 }), network.lr[1]],
];

/** Follows the groups of a run without shrinking by the rule of one with it: which would have left, and came back. */
class Followed {
  private zeroFor: readonly number[] = [];
  private readonly left = new Set<number>();
  private readonly back = new Set<number>();

  see({ graph }: Model, { epoch, c }: EpochMetrics): void {
    const tensors = new Map([...graph.initializers].map(([v, t]) => [v.name, t]));
    const zero = groupSets(graph, "coupled").flatMap((set) => [...zeroGroups(set, tensors)]);
    const counts = c === undefined || (c === 1 && epoch > restarts[0]);
    this.zeroFor = zero.map((z, g) => (z && counts ? (this.zeroFor[g] ?? 0) + 1 : 0));
    zero.forEach((z, g) => {
      if (!z && this.left.has(g)) this.back.add(g);
      if (this.zeroFor[g] >= shrinkAfter && epoch % shrinkEvery === 0 && epoch < epochs) this.left.add(g);
    });
  }

  get counts() {
    return { wouldLeave: this.left.size, cameBack: this.back.size };
  }
}

async function trained(run: Run, see: (at: EpochMetrics) => void): Promise<number> {
  const begun = process.cpuUsage();
  for await (const m of run) {
    see(m);
    const left = m.stepParams ? `, ${m.stepParams.after} parameters in the step` : "";
    console.error(
      `  ${m.epoch}: test ${m.testAccuracy}, groups ${percent(m.groupSparsity)}, ${m.msPerStep.toFixed(0)} ms${left}`,
    );
  }
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1e6;
}

const rows: object[] = [];
for (const [optimizer, lr] of optimizers)
  for (const seed of seeds)
    for (const shrinking of [false, true]) {
      const name = `${net} ${optimizer.name}, seed ${seed}${shrinking ? ", shrinking" : ""}`;
      console.error(name);
      const run = train(model(net, { seed, input: data.shape, classes: data.classes ?? undefined }), data, {
        engine,
        optimizer,
        schedule: multiStep({ lr, milestones, gamma: 0.1 }),
        penalty: groupLasso({ lambda }),
        epochs,
        seed,
        ...(shrinking && { shrinkEvery, shrinkAfter }),
      });
      const followed = new Followed();
      const cpuSeconds = await trained(run, (m) => !shrinking && followed.see(run.model, m));
      const { model: small } = await shrink(run.model, { engine });
      const { testAccuracy, testLoss, groupSparsity } = run.history.at(-1)!;
      const params = { before: cost(run.model).params, after: cost(small).params };
      rows.push({
        method: optimizer.name,
        seed,
        shrinking,
        ran: settingsOf(run.options, run.data),
        testAccuracy,
        testLoss,
        groupSparsity,
        params,
        macs: { before: cost(run.model).macs, after: cost(small).macs },
        cpuSeconds,
        ...(!shrinking && followed.counts),
        curve: run.history.map((m) => [m.epoch, m.testAccuracy, m.groupSparsity, m.msPerStep, m.stepParams?.after]),
      });
      const came = shrinking ? "" : `; ${followed.counts.cameBack} of ${followed.counts.wouldLeave} came back`;
      console.log(
        `${name}: ${percent(testAccuracy!)}, ${percent(groupSparsity)} zero, keeps ${params.after} of ${params.before}, ${cpuSeconds.toFixed(0)} s of processor time${came}`,
      );
      await recording.keep(engine, content());
    }
await recording.write(engine, content());

function content() {
  return {
    settings: {
      model: net,
      data: network.data,
      train: data.train.count,
      test: data.test.count,
      epochs,
      milestones,
      restarts,
      lambda,
      shrinkEvery,
      shrinkAfter,
      groups: "coupled",
      batchSize: 128,
      threads: 1,
      seeds,
    },
    rows,
  };
}
