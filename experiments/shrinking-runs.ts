/**
 * Shrinking while training against the same runs without it: LeNet-5 on MNIST, ResNet-20 and a small VGG on CIFAR-10 at half its size
 * (few images each, see shrinking-problems.ts), by RMDA, ProxSGD and HSPG, three seeds. Beside accuracy, structure and time it counts,
 * in the run without, the groups that would have left by their time at zero alone, and how many of them came back: what a run that has
 * shrunk cannot see. A third run, without shrinking and from weights that differ in their last digits, says how far rounding alone takes
 * runs apart. The runs of a seed go on at the same time, each on a thread.
 * Run: node dist/experiments/shrinking-runs.js [lenet5|resnet20|vgg-small …] [--epochs 15] [--images N] [--seeds 1,2,3]
 *   [--methods rmda,proxSgd,hspg] [--every 5] [--after 3] [--lambda L] [--data-root DIR] [--draft]
 */
import { parseArgs } from "node:util";
import {
  cost,
  type EpochMetrics,
  type GroupSet,
  groupLasso,
  groupSets,
  hspg,
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
import { datasets } from "espalier/node";
import { untunedNode } from "./engine.ts";
import { begin, common, numbersFlag } from "./record.ts";
import { type Problem, problemData, problems } from "./shrinking-problems.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...common,
    epochs: { type: "string", default: "15" },
    images: { type: "string" },
    seeds: { type: "string", default: "1,2,3" },
    methods: { type: "string", default: "rmda,proxSgd,hspg" },
    every: { type: "string", default: "5" },
    after: { type: "string", default: "3" },
    lambda: { type: "string" },
  },
});
const nets = positionals.length > 0 ? positionals : Object.keys(problems);
const unknown = nets.find((net) => !problems[net]);
if (unknown) throw new Error(`unknown network ${unknown}: there are ${Object.keys(problems).join(", ")}`);
const [epochs, shrinkEvery, shrinkAfter] = [values.epochs, values.every, values.after].map(Number);
const seeds = numbersFlag(values.seeds);
const recording = begin({ name: "shrinking-runs", draft: values.draft });
const engine = untunedNode({ threads: 1 });
const milestones = [Math.round(epochs / 3), Math.round((2 * epochs) / 3)];
const restarts = milestones.slice(0, 1); // from there on c is 1

const optimizers: readonly Optimizer[] = [
  rmda({ c: 0.1, restarts }),
  proxSgd(),
  hspg({ switchEpoch: milestones[1], momentum: 0.9 }),
].filter(({ name }) => values.methods.split(",").includes(name));

const tensorsOf = ({ graph }: Model) => new Map([...graph.initializers].map(([v, t]) => [v.name, t]));
const pattern = (sets: readonly GroupSet[], of: Model) => sets.flatMap((set) => [...zeroGroups(set, tensorsOf(of))]);

/** Follows the groups of a run without shrinking by their time at zero: which would have left, and came back. */
class Followed {
  private zeroFor: readonly number[] = [];
  private readonly left = new Set<number>();
  private readonly back = new Set<number>();

  see(zero: readonly number[], { epoch, c }: EpochMetrics): void {
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

const rows: object[] = [];

/** A model whose weights are other in their last digits: how far runs come apart that differ in nothing but rounding. */
function nudged(given: Model): Model {
  const initializers = new Map(
    [...given.graph.initializers].map(([v, t]) => [
      v,
      t.dtype === "float32" ? { ...t, data: (t.data as Float32Array).map((x) => x * (1 + 2 ** -20)) } : t,
    ]),
  );
  return { ...given, graph: { ...given.graph, initializers } };
}

/** One run with shrinking and two without, of which one differs in rounding, side by side. */
async function pair(net: string, problem: Problem, optimizer: Optimizer, seed: number): Promise<void> {
  const { data: set, lr, batchSize } = problem;
  const data = problemData(await datasets.open(set, { root: values["data-root"] }), problem);
  const lambda = values.lambda === undefined ? problem.lambda[optimizer.name] : Number(values.lambda);
  const followed = new Followed();
  const first = model(net, { seed, input: data.shape, classes: data.classes ?? undefined });
  const begun = (shrinking: boolean, given = first) =>
    train(given, data, {
      engine,
      optimizer,
      schedule: multiStep({ lr: lr[optimizer.name], milestones, gamma: 0.1 }),
      penalty: groupLasso({ lambda }),
      epochs,
      batchSize,
      seed,
      ...(shrinking ? { shrinkEvery, shrinkAfter } : { shrinkEvery: false }),
    });
  const runs = [begun(false), begun(true), begun(false, nudged(first))];
  const sets = groupSets(runs[0].model.graph, "coupled");
  await Promise.all(runs.map((run, i) => through(run, (m) => i === 0 && followed.see(pattern(sets, run.model), m))));
  const [without, ...others] = runs.map((run) => pattern(sets, run.model));
  const [differ, byRounding] = others.map((other) => without.filter((z, g) => z !== other[g]).length);
  for (const [i, run] of runs.slice(0, 2).entries()) {
    const { model: small } = await shrink(run.model, { engine });
    const { testAccuracy, testLoss, groupSparsity } = run.history.at(-1)!;
    rows.push({
      net,
      method: optimizer.name,
      seed,
      shrinking: i === 1,
      ran: settingsOf(run.options, run.data),
      testAccuracy,
      testLoss,
      groupSparsity,
      groups: without.length,
      params: { before: cost(run.model).params, after: cost(small).params },
      macs: { before: cost(run.model).macs, after: cost(small).macs },
      seconds: run.history.reduce((sum, m) => sum + m.seconds, 0),
      ...(i === 0
        ? { ...followed.counts, byRounding }
        : { differ, returned: run.history.reduce((n, m) => n + (m.stepBack ?? 0), 0) }),
      curve: run.history.map((m) => [m.epoch, m.testAccuracy, m.groupSparsity, m.msPerStep, m.stepParams?.after]),
    });
  }
  const said = runs.map(({ history }) => {
    const { testAccuracy, groupSparsity, stepParams } = history.at(-1)!;
    return `${percent(testAccuracy!)}, ${percent(groupSparsity)} zero${stepParams ? `, ${percent(stepParams.after / stepParams.before)} in the step` : ""}`;
  });
  const { wouldLeave, cameBack } = followed.counts;
  const returned = runs[1].history.map((m) => m.stepBack ?? 0).join(" ");
  console.log(
    `${net} ${optimizer.name} λ ${lambda}, seed ${seed}: ${said[0]}; shrinking ${said[1]}; nudged ${said[2]}; ${differ} of ${without.length} differ, ${byRounding} by rounding alone; by time alone ${cameBack} of ${wouldLeave} came back; returned ${returned}`,
  );
}

async function through(run: Run, see: (at: EpochMetrics) => void): Promise<void> {
  for await (const m of run) {
    see(m);
    const left = m.stepParams ? `, ${m.stepParams.after} parameters in the step` : "";
    console.error(
      `  ${m.epoch}: loss ${m.loss.toFixed(3)}, test ${m.testAccuracy}, groups ${percent(m.groupSparsity)}, ${m.msPerStep.toFixed(0)} ms${left}`,
    );
  }
}

const content = () => ({
  settings: { epochs, milestones, restarts, shrinkEvery, shrinkAfter, groups: "coupled", threads: 1, seeds },
  rows,
});
for (const net of nets) {
  const problem = { ...problems[net], ...(values.images !== undefined && { images: Number(values.images) }) };
  for (const optimizer of optimizers)
    for (const seed of seeds) {
      await pair(net, problem, optimizer, seed);
      await recording.keep(engine, content());
    }
}
await recording.write(engine, content());
