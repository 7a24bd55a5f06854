/**
 * One phase of the benchmark of full-size models, alone in its process, so that what it takes is its own:
 *
 *     node full-size-phase.js PHASE MODEL.onnx [SPARSE.onnx]
 *
 * Prints what it took as JSON. `write` writes SPARSE.onnx, the model with three of ten groups zeroed, which is what `shrink` is of.
 */
import { writeFileSync } from "node:fs";
import { node } from "../src/engine/node.ts";
import { atBatch } from "../src/graph/bind.ts";
import { groupSets } from "../src/groups/groups.ts";
import { targetOf } from "../src/lower/target.ts";
import { Random } from "../src/math/random.ts";
import { readModel } from "../src/node/model-files.ts";
import { write } from "../src/onnx/write.ts";
import { cost } from "../src/shrink/cost.ts";
import { shrink } from "../src/shrink/shrink.ts";
import { compile } from "../src/step/compile.ts";
import { fullStep } from "./full-size-step.ts";
import { trainable } from "./networks.ts";
import { zeroInPlace } from "./zero-groups.ts";

/** What a phase is given, and what it says beside what it took. */
type Phase = (
  path: string,
  timed: <T>(work: () => T | Promise<T>) => Promise<T>,
  sparse: string,
) => Promise<Readonly<Record<string, number>>>;

const BATCH = 8;
const SHARE = 0.3;

const phases: Readonly<Record<string, Phase>> = {
  async read(path, timed) {
    const model = await timed(() => readModel(path));
    return { nodes: model.graph.nodes.length, params: cost(model).params };
  },
  async groups(path, timed) {
    const { graph } = trainable(await readModel(path));
    const sets = await timed(() => {
      for (const kind of ["element", "inputChannel", "outputChannel", { block: [4, 4] }] as const)
        groupSets(graph, kind);
      groupSets(graph, "coupled", { side: "producer" });
      return groupSets(graph, "coupled", { side: "consumer" });
    });
    return { sets: sets.length, groups: sets.reduce((n, s) => n + s.count, 0) };
  },
  async write(path, timed, sparse) {
    const model = await readModel(path);
    const random = new Random(1, "init");
    // the first of each set never, so that each keeps a channel
    zeroInPlace(
      model,
      groupSets(trainable(model).graph, "coupled"),
      (_, group) => random.uniform() < SHARE && group > 0,
    );
    const bytes = await timed(() => write(model));
    writeFileSync(sparse, bytes);
    return { bytes: bytes.length };
  },
  async shrink(_, timed, sparse) {
    const model = await readModel(sparse);
    const engine = node();
    const { model: small, proof } = await timed(() => shrink(model, { engine }));
    const { claims, proved } = proof;
    return { before: cost(model).params, after: cost(small).params, claims, proved };
  },
  async step(path, timed) {
    const model = trainable(await readModel(path));
    const engine = node();
    const { nodes, session } = await timed(async () => {
      const { graph } = fullStep(atBatch(model, BATCH), model.graph);
      return { nodes: graph.nodes.length, session: await engine.load(compile(graph, targetOf(engine))) };
    });
    await session.release();
    return { nodes };
  },
};

/** Bytes of memory that the process has had at most. */
const peak = (): number => process.resourceUsage().maxRSS * 1024;

const [name, path, sparse = ""] = process.argv.slice(2);
node(); // the runtime's own memory is there before a phase begins
const base = peak();
const took = { seconds: 0, cpuSeconds: 0 };
const told = await phases[name](
  path,
  async (work) => {
    const [start, before] = [performance.now(), process.cpuUsage()];
    const result = await work();
    const { user, system } = process.cpuUsage(before);
    took.seconds = (performance.now() - start) / 1000;
    took.cpuSeconds = (user + system) / 1e6;
    return result;
  },
  sparse,
);
const { user, system } = process.cpuUsage();
const whole = { wholeSeconds: process.uptime(), wholeCpuSeconds: (user + system) / 1e6 };
console.log(JSON.stringify({ phase: name, ...took, ...whole, base, peak: peak(), ...told }));
