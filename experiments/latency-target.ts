/**
 * A time as the target: five networks, each trained on the drawn digits in one run that is steered to half of its time on one thread.
 * Of two of them, how fast they become before they lose so much of their accuracy, by shares of the time and by shares of the parameters.
 * Run: node dist/experiments/latency-target.js [--models lenet5,…] [--beside vgg-small,…] [--share 0.5] [--batch 1] [--epochs 6] [--threads 2] [--wait 60] [--draft]
 */
import { parseArgs } from "node:util";
import {
  compareLatency,
  cosine,
  cost,
  digits,
  EspalierError,
  evaluate,
  groupLasso,
  initialize,
  type LatencyTable,
  latencyTable,
  latencyTarget,
  type Model,
  model,
  type Optimizer,
  type Penalty,
  percent,
  proxGen,
  rmda,
  type Steering,
  shrink,
  significant,
  structureTarget,
  train,
  write,
} from "espalier";
import { othersDuring, quiet } from "../bench/machine.ts";
import { untunedNode } from "./engine.ts";
import { DROP, type LatencyRow, type SteeredRun } from "./latency-section.ts";
import { exportedNetwork } from "./pretrained-setting.ts";
import { begin, common, numbersFlag } from "./record.ts";

const { values } = parseArgs({
  options: {
    ...common,
    models: { type: "string", default: "mlp7,lenet5,vgg-small,resnet20,mobilenet-v2" },
    beside: { type: "string", default: "vgg-small,resnet20" },
    share: { type: "string", default: "0.5" },
    batch: { type: "string", default: "1" },
    epochs: { type: "string", default: "6" },
    samples: { type: "string", default: "800" },
    tries: { type: "string", default: "2,3" },
    threads: { type: "string", default: "2" },
  },
});
const recording = begin({ name: "latency-target", draft: values.draft });
const [share, batch, epochs, samples, threads, wait] = [
  values.share,
  values.batch,
  values.epochs,
  values.samples,
  values.threads,
  values.wait,
].map(Number);
const [seed, test, lambda, batchSize] = [1, 1000, 1e-4, 32];
/**
 * What a network learns the digits with. Deep and without norms, MLP-7 lies on a plateau for as long as the others are trained;
 * behind its cut ResNet-20 comes back by RMDA, which leaves MLP-7 and MobileNetV2 on theirs.
 */
interface Way {
  readonly optimizer: Optimizer;
  readonly lr: number;
  readonly epochs: number;
}
const usual: Way = { optimizer: proxGen(), lr: 2e-3, epochs };
const ways: Readonly<Record<string, Way>> = {
  mlp7: { ...usual, epochs: 5 * epochs },
  resnet20: { optimizer: rmda(), lr: 0.1, epochs: epochs + 2 },
};
const wayOf = (name: string) => ways[name] ?? usual;
/** How many smaller shares of the time and of the parameters are tried: those of parameters lie farther apart. */
const [timeTries, paramTries] = numbersFlag(values.tries);
/** Nothing below them is. */
const [FASTEST, FEWEST] = [0.16, 0.03];
/** Times are those of one thread, however many train. */
const [timing, training] = [untunedNode({ threads: 1 }), untunedNode({ threads })];
const data = digits({ train: samples, test });
const started = performance.now();

const named = (name: string): Model =>
  name === "mobilenet-v2"
    ? initialize(exportedNetwork(name, "torchscript"), seed)
    : model(name, { seed, input: data.shape, classes: 10 });

const say = (line: string) => console.error(`${((performance.now() - started) / 1000).toFixed(0)} s  ${line}`);

/** Other programs' cores while times were measured, at most. */
let othersCores = 0;
/** After other programs have been quiet, or the wait is over. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  await quiet(wait);
  const { result, cores } = await othersDuring(work);
  othersCores = Math.max(othersCores, cores);
  return result;
}

/** A run that is steered, or a dense one. */
async function trained(name: string, penalty?: Penalty, target?: Steering): Promise<Model> {
  const { lr, ...way } = wayOf(name);
  const options = { ...way, engine: training, schedule: cosine({ lr }), batchSize, seed, evalEvery: way.epochs };
  const run = train(named(name), data, { ...options, penalty, target });
  for await (const _ of run);
  return run.model;
}

const rightOf = async (of: Model): Promise<number> => (await evaluate(of, data, { engine: training })).accuracy!;

/** Its small model beside the whole one, timed anew: nothing of the search is in it. */
async function outcome(full: Model, keep: number): Promise<SteeredRun> {
  const { model: small } = await shrink(full, { engine: timing });
  const accuracy = await rightOf(small);
  const timed = [full, small].map((model) => ({ model, bytes: write(model) }));
  const { ms, speedups } = await quietly(() => compareLatency(timing, timed, batch, { runs: 360, warmup: 10 }));
  const [{ value, low, high }] = speedups;
  const kept = (of: "params" | "macs") => cost(small)[of] / cost(full)[of];
  const time = { value: 1 / value, low: 1 / high, high: 1 / low };
  return { keep, accuracy, time, ms: [ms[0].value, ms[1].value], params: kept("params"), macs: kept("macs") };
}

const runText = ({ accuracy, time }: SteeredRun) =>
  `${percent(accuracy)} right in ${percent(time.value, 1)} (${percent(time.low, 1)} … ${percent(time.high, 1)}) of the time`;

const toTime = async (name: string, table: LatencyTable, keep: number): Promise<SteeredRun> => {
  const target = latencyTarget({ engine: timing, table, keep });
  // the search for the cut is a measurement too, in the middle of the run
  const full = await quietly(() => trained(name, groupLasso({ lambda, weights: "latency" }), target));
  return outcome(full, keep);
};

const toParameters = async (name: string, keep: number): Promise<SteeredRun> =>
  outcome(await trained(name, groupLasso({ lambda }), structureTarget({ keep })), keep);

/** Of a time that no cut comes to, which is known before the run begins. */
function outOfReach(e: unknown): undefined {
  if (!(e instanceof EspalierError && e.code === "out-of-range")) throw e;
}

interface Search {
  readonly tries: number;
  /** The smallest share to try, and the smallest that is known to be accurate enough. */
  readonly low: number;
  readonly high: number;
  readonly bar: number;
  /** Nothing where a network does not get so far. */
  run(keep: number): Promise<SteeredRun | undefined>;
  readonly text: (keep: number) => string;
}

/** By halving, on a logarithmic scale, towards the smallest share that is accurate enough. */
async function towards({ tries, low, high, bar, run, text }: Search): Promise<SteeredRun[]> {
  const found: SteeredRun[] = [];
  for (let i = 0; i < tries; i++) {
    const keep = Math.sqrt(low * high);
    const one = await run(keep);
    if (one) found.push(one);
    say(`${text(keep)}: ${one ? runText(one) : "out of reach"}`);
    if (one && one.accuracy >= bar) high = keep;
    else low = keep;
  }
  return found;
}

const rows: LatencyRow[] = [];
const beside = values.beside.split(",");
for (const name of values.models.split(",")) {
  othersCores = 0;
  say(`${name}: dense`);
  const accuracy = await rightOf(await trained(name));
  const table = await quietly(() => latencyTable(named(name), { engine: timing, batch }));
  say(`${name}: ${percent(accuracy)} right in ${significant(table.ms)} ms; layers are timed`);
  const asked = await toTime(name, table, share);
  say(`${name}, ${percent(share, 1)} of the time: ${runText(asked)}`);
  const row = {
    model: name,
    optimizer: wayOf(name).optimizer.name,
    epochs: wayOf(name).epochs,
    accuracy,
    asked,
    byTime: [] as SteeredRun[],
    byParams: [] as SteeredRun[],
  };
  if (beside.includes(name)) {
    const bar = accuracy - DROP;
    row.byTime = await towards({
      tries: timeTries,
      low: FASTEST,
      high: asked.accuracy >= bar ? share : 1,
      bar,
      run: (keep) => toTime(name, table, keep).catch(outOfReach),
      text: (keep) => `${name}, ${percent(keep, 1)} of the time`,
    });
    row.byParams = await towards({
      tries: paramTries,
      low: FEWEST,
      high: 1,
      bar,
      run: (keep) => toParameters(name, keep),
      text: (keep) => `${name}, ${percent(keep, 1)} of the parameters`,
    });
  }
  rows.push({ ...row, othersCores });
  await recording.keep(timing, content());
}
await recording.write(timing, content());
say("written");

function content() {
  const how = {
    data: data.name,
    train: samples,
    test,
    epochs,
    batchSize,
    optimizer: usual.optimizer.name,
    lr: usual.lr,
    lambda,
  };
  return { settings: { ...how, batch, share, drop: DROP, threads: 1, seed }, rows };
}
