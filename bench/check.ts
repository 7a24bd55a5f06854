/**
 * The regression check of CI: a small training step as it is lowered for this machine beside the same in the plain formulation, by
 * turns, in processor time, so that other work on the machine counts little. It fails only where the lowered one costs three times as
 * much: that is a fault, not a fluctuation.
 */
import { type Engine, withUploaded } from "../src/engine/engine.ts";
import { node } from "../src/engine/node.ts";
import { zeros } from "../src/graph/tensor.ts";
import type { Graph, Model } from "../src/graph/types.ts";
import { tunedTarget } from "../src/lower/tuning/tuned-target.ts";
import { median } from "../src/math/statistics.ts";
import { models } from "../src/models/index.ts";
import { encode } from "../src/onnx/write.ts";
import { sgd } from "../src/optim/sgd.ts";
import { compile } from "../src/step/compile.ts";
import { crossEntropy } from "../src/step/loss.ts";
import { trainingPrograms } from "../src/step/programs.ts";

const ABSURD = 3;
const BATCH = 8;
const TURNS = 5;

/** The portable graph of a step. */
const stepOf = (model: Model, sample: readonly number[]): Graph =>
  trainingPrograms(model, {
    optimizer: sgd(),
    terms: [{ loss: crossEntropy() }],
    inputs: [{ dtype: "uint8", sample }],
  }).step(BATCH).graph;

/** Processor milliseconds of each of several turns, of both by turns. */
async function turns(engine: Engine, graph: Graph, both: readonly Uint8Array[]): Promise<number[][]> {
  const feeds = Object.fromEntries(graph.inputs.map((v) => [v.name, zeros(v.dtype, v.shape)]));
  const sessions = await Promise.all(both.map((bytes) => engine.load(bytes)));
  const times = both.map((): number[] => []);
  await withUploaded(engine, feeds, async (uploaded) => {
    for (let turn = -1; turn < TURNS; turn++)
      for (const [i, session] of sessions.entries()) {
        const before = process.cpuUsage();
        for (const out of Object.values(await session.run(uploaded))) engine.dispose(out);
        const { user, system } = process.cpuUsage(before);
        if (turn >= 0) times[i].push((user + system) / 1000);
      }
  });
  for (const session of sessions) await session.release();
  return times;
}

const engine = node({ threads: 1 });
const known = { lenet5: models.lenet5, "vgg-small": models.vggSmall, resnet20: models.resnet20 };
for (const [name, build] of Object.entries(known)) {
  const graph = stepOf(build({ seed: 1 }), build.spec.input);
  const { target, plan } = await tunedTarget(engine, graph);
  const [lowered, plain] = await turns(engine, graph, [compile(graph, target, plan), encode(graph)]);
  const ratio = median(lowered) / median(plain);
  console.log(`${name}: the lowered step takes ${ratio.toFixed(2)} of the plain one's processor time`);
  if (ratio > ABSURD) {
    console.error(`${name}: more than ${ABSURD} times as much, which no machine explains: see src/lower/formulations`);
    process.exitCode = 1;
  }
}
