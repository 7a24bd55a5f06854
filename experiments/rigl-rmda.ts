/**
 * RigL and gradual magnitude pruning against RMDA with ℓ1, at 90 % and 95 % zeros in the weights of convolutions and dense layers:
 * LeNet-5 on MNIST, a small VGG on CIFAR-10 (here a subset, see the record's counts). RMDA meets a sparsity only through λ, which is
 * searched for sparsity alone, by whole runs; every trial is in the record. SGD without zeros stands beside them. Nobody published
 * RigL's settings for these networks: momentum 0.9, weight decay 5e-4 (RigL's own for CIFAR), one learning rate for SGD, RigL and
 * magnitude. What was interrupted goes on.
 * Run: node dist/experiments/rigl-rmda.js lenet5|vgg-small [--images N] [--data-root DIR] [--draft]
 */
import { parseArgs } from "node:util";
import {
  type Dataset,
  type Engine,
  groupSets,
  l1,
  limitTrain,
  type Model,
  magnitude,
  model,
  multiStep,
  type Optimizer,
  percent,
  rigl,
  rmda,
  settingsOf,
  sgd,
  train,
  warmup,
} from "espalier";
import { datasets } from "espalier/node";
import { untunedNode } from "./engine.ts";
import { begin, common } from "./record.ts";

interface Setting {
  readonly data: string;
  readonly epochs: number;
  readonly milestones: readonly number[];
  /** Of SGD, RigL and magnitude pruning; of RMDA. */
  readonly lr: { readonly sgd: number; readonly rmda: number };
  readonly restarts: readonly number[];
  /** Epochs over which lr rises: the head of the VGG reads 2,048 features and overshoots without. */
  readonly warmupEpochs?: number;
  /** Where the search for λ starts. */
  readonly lambda: number;
}

const settings: Readonly<Record<string, Setting>> = {
  lenet5: {
    data: "mnist",
    epochs: 12,
    milestones: [6, 9],
    lr: { sgd: 0.05, rmda: 0.2 },
    restarts: [6, 9],
    lambda: 1e-4,
  },
  "vgg-small": {
    data: "cifar10",
    epochs: 12,
    milestones: [6, 9],
    lr: { sgd: 0.02, rmda: 0.2 },
    restarts: [6],
    warmupEpochs: 2,
    lambda: 4e-4,
  },
};
const TARGETS = [0.9, 0.95];
const TOLERANCE = 0.005;
const MOST_TRIALS = 5;
const weightDecay = 5e-4;

/** The figures of a finished run. */
interface Row {
  readonly method: string;
  /** The settings of the run, as it resolved them. */
  readonly ran: ReturnType<typeof settingsOf>;
  readonly lambda?: number;
  /** Exact zeros in the weights of convolutions and dense layers, all together and layer by layer. */
  readonly sparsity: number;
  readonly layers: Readonly<Record<string, number>>;
  readonly testAccuracy: number;
  readonly loss: number;
  readonly msPerStep: number;
  readonly seconds: number;
  /** Epoch, test accuracy, share of zero weights, weights that changed between zero and nonzero. */
  readonly curve: readonly (readonly number[])[];
}

function zeros({ graph }: Model): Pick<Row, "sparsity" | "layers"> {
  let [zero, all] = [0, 0];
  const layers: Record<string, number> = {};
  for (const { name, count, members } of groupSets(graph, "element")) {
    const found = (graph.initializers.get(members[0].param)!.data as Float32Array).filter((x) => x === 0).length;
    layers[name] = found / count;
    zero += found;
    all += count;
  }
  return { sparsity: zero / all, layers };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { ...common, images: { type: "string" } },
});
const [net] = positionals;
const setting = settings[net];
if (!setting) throw new Error(`usage: rigl-rmda.js ${Object.keys(settings).join("|")}`);
const recording = begin({ name: `rigl-rmda-${net}`, draft: values.draft });
const { epochs, milestones, lr, restarts, warmupEpochs } = setting;
const opened = await datasets.open(setting.data, { root: values["data-root"] });
const data: Dataset = values.images ? limitTrain(opened, Number(values.images), 1) : opened;
const engine: Engine = untunedNode({ threads: 1 });

async function result(name: string, optimizer: Optimizer, lambda?: number): Promise<Row> {
  const staged = multiStep({ lr: lambda === undefined ? lr.sgd : lr.rmda, milestones, gamma: 0.1 });
  const run = train(model(net, { seed: 1 }), data, {
    engine,
    optimizer,
    schedule: warmupEpochs ? warmup(staged, { epochs: warmupEpochs }) : staged,
    ...(lambda !== undefined && { penalty: l1({ lambda }) }),
    epochs,
    seed: 1,
    store: recording.store(name),
    resume: true,
  });
  for await (const m of run)
    console.error(
      `${name} ${m.epoch}: loss ${m.loss.toFixed(4)}, test ${m.testAccuracy}, zero ${percent(m.elementSparsity)}, changes ${m.patternChanges}, ${m.msPerStep.toFixed(0)} ms`,
    );
  const last = run.history.at(-1)!;
  const row: Row = {
    method: optimizer.name,
    ran: settingsOf(run.options, run.data),
    ...(lambda !== undefined && { lambda }),
    ...zeros(run.model),
    testAccuracy: last.testAccuracy!,
    loss: last.loss,
    msPerStep: last.msPerStep,
    seconds: run.history.reduce((s, m) => s + m.seconds, 0),
    curve: run.history.map((m) => [m.epoch, m.testAccuracy!, m.elementSparsity, m.patternChanges]),
  };
  console.log(`${name}: ${percent(row.testAccuracy)} at ${percent(row.sparsity)} zeros`);
  return row;
}

/**
 * The next λ for a sparsity: log(share kept) as a line of log λ through the two trials next to the target, on both sides of it
 * where there are, but no more than a factor of 4 away from them and not at the ends of a bracket.
 */
function nextLambda(trials: readonly Row[], sparsity: number): number {
  const points = trials
    .map((t) => ({ x: Math.log(t.lambda!), y: Math.log(Math.max(1 - t.sparsity, 1e-4) / (1 - sparsity)) }))
    .sort((a, b) => a.x - b.x);
  const below = points.filter((p) => p.y > 0); // keeps too much
  const above = points.filter((p) => p.y <= 0);
  if (points.length === 0) return setting.lambda;
  if (below.length > 0 && above.length > 0) {
    const [a, b] = [below.at(-1)!, above[0]];
    const share = Math.min(0.9, Math.max(0.1, a.y / (a.y - b.y)));
    return Math.exp(a.x + share * (b.x - a.x));
  }
  const [near, far] = below.length > 0 ? [points.at(-1)!, points.at(-2)] : [points[0], points[1]];
  const slope = far && far.y !== near.y ? (near.y - far.y) / (near.x - far.x) : -1;
  const step = slope < 0 ? -near.y / slope : Math.sign(near.y) * Math.LN2;
  return Math.exp(near.x + Math.max(-Math.log(4), Math.min(Math.log(4), step)));
}

const trials: Row[] = [];
async function rmdaAt(target: number): Promise<Row> {
  const distance = (t: Row) => Math.abs(t.sparsity - target);
  const best = () => trials.reduce<Row | undefined>((a, b) => (a && distance(a) <= distance(b) ? a : b), undefined);
  for (let i = 0; i < MOST_TRIALS; i++) {
    const found = best();
    if (found && distance(found) <= TOLERANCE) break;
    const lambda = Number(nextLambda(trials, target).toPrecision(3));
    if (trials.some((t) => t.lambda === lambda)) break; // the bracket is as narrow as its numbers
    trials.push(await result(`rmda-${lambda}`, rmda({ c: 0.1, restarts }), lambda));
  }
  return best()!;
}

const rows: (Row & { readonly target: number })[] = [];
rows.push({ target: 0, ...(await result("sgd", sgd({ weightDecay }))) });
for (const target of TARGETS) {
  const masked = { sparsity: target, weightDecay };
  rows.push({ target, ...(await result(`rigl-${target}`, rigl(masked))) });
  rows.push({ target, ...(await result(`magnitude-${target}`, magnitude(masked))) });
  rows.push({ target, ...(await rmdaAt(target)) });
}
for (const { target, method, sparsity, testAccuracy } of rows)
  console.log(`${net} at ${percent(target)}: ${method} ${percent(testAccuracy)} (${percent(sparsity)} zeros)`);
await recording.write(engine, {
  settings: {
    model: net,
    ...setting,
    train: data.train.count,
    test: data.test.count,
    batchSize: 128,
    threads: engine.threads,
    weightDecay,
    c: 0.1,
    tolerance: TOLERANCE,
    trials: trials.map(({ lambda, sparsity, testAccuracy }) => ({ lambda, sparsity, testAccuracy })),
    seed: 1,
  },
  rows,
});
