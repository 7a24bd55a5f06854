/** How much of a model's parameters is in groups that can be removed, and whether removing some leaves the function as it is. */
import type { Engine } from "../../src/engine/engine.ts";
import type { Graph, Model, Value } from "../../src/graph/types.ts";
import { withoutUnread } from "../../src/graph/walk.ts";
import { channelsOf } from "../../src/groups/channels.ts";
import { coupledChannels } from "../../src/groups/coupled.ts";
import type { GroupSet } from "../../src/groups/group-set.ts";
import { groupSets } from "../../src/groups/groups.ts";
import { eachRun } from "../../src/groups/runs.ts";
import { Random } from "../../src/math/random.ts";
import { write } from "../../src/onnx/write.ts";
import { cost } from "../../src/shrink/cost.ts";
import { shrink } from "../../src/shrink/shrink.ts";
import { freezeParameters } from "../../src/train/freeze.ts";
import { zeroed } from "../graphs/sparse-models.ts";
import { type Exported, oneSample, samples } from "./fixture.ts";
import { feedsFor, floatsOf, relativeError, run, Wrong } from "./numbers.ts";

/** The groups of what is trained. */
const trainedGroups = (graph: Graph, constants: ReadonlySet<string>, side: "consumer" | "producer"): GroupSet[] =>
  groupSets(freezeParameters(graph, constants), "coupled", { side });

/**
 * Of the trained numbers, those that go with a channel of which a group, on one side or the other, makes that it can be removed: it is
 * read by them, or made. Tables apart.
 */
export function removableShare(whole: Graph, constants: ReadonlySet<string>, trained: readonly string[]): number {
  const graph = withoutUnread(freezeParameters(whole, constants));
  const channels = channelsOf(graph);
  const sides = (["consumer", "producer"] as const).map((side) => coupledChannels(graph, side, channels));
  const tables = new Set<Value | null>(graph.nodes.flatMap(({ op, inputs }) => (op === "Gather" ? [inputs[0]] : [])));
  let [marked, all] = [0, 0];
  for (const [v, { data }] of graph.initializers) {
    if (!trained.includes(v.name) || tables.has(v)) continue;
    const goes = new Uint8Array(data.length);
    v.shape.forEach((_, axis) => {
      const classes = channels.of(v, axis);
      if (classes)
        eachRun(v.shape, [axis], [], (i, __, start, end) => {
          if (channels.parts(classes[i]).some((p) => sides.some((grouped) => grouped.has(p)))) goes.fill(1, start, end);
        });
    });
    all += goes.length;
    marked += goes.reduce((n, x) => n + x, 0);
  }
  return all === 0 ? 0 : marked / all;
}

/** What a cut left: of numbers, of bytes, and how far its outputs are from those of the model that was cut. */
export interface Cut {
  readonly params: number;
  readonly bytes: number;
  readonly error: number;
}

/** Three of ten, but never the first. */
const someGroups = (count: number, random: Random): Set<number> =>
  new Set(
    Array.from({ length: count }, (_, i) => i)
      .slice(1)
      .filter(() => random.uniform() < 0.3),
  );

/**
 * Zeroes three groups of ten at random, those that are read and then those that are made, shrinks, and runs both files on the samples.
 * @returns what came of those that are read
 * @throws Wrong where nothing went or outputs differ
 */
export async function cutAtRandom(
  engine: Engine,
  model: Model,
  file: Exported,
  constants: ReadonlySet<string>,
): Promise<Cut> {
  const cut = await cutOn("consumer", engine, model, file, constants);
  await cutOn("producer", engine, model, file, constants);
  return cut;
}

async function cutOn(
  side: "consumer" | "producer",
  engine: Engine,
  model: Model,
  file: Exported,
  constants: ReadonlySet<string>,
): Promise<Cut> {
  const random = new Random(1, "init");
  const sets = trainedGroups(model.graph, constants, side);
  if (sets.length === 0) throw new Wrong("there is no group to remove");
  const dead = new Map(sets.map(({ name, count }) => [name, someGroups(count, random)]));
  const wide = sets.find(({ count }) => count > 1);
  if (!wide) throw new Wrong("no set has a group to spare");
  if ([...dead.values()].every((d) => d.size === 0)) dead.set(wide.name, new Set([1]));
  const sparse = zeroed(model, sets, (set, group) => dead.get(set.name)!.has(group));
  const { model: small } = await shrink(sparse, { engine, random: 1 });
  const [full, cut] = [write(sparse), write(small)];
  const [before, after] = [cost(sparse).params, cost(small).params];
  if (after >= before) throw new Wrong("nothing was removed");
  if (cut.length >= full.length) throw new Wrong(`the file is not smaller: ${cut.length} of ${full.length} bytes`);
  const inputs = samples(file.animal).map((x) => oneSample(x, 0));
  const [a, b] = [await run(engine, full, feedsFor(sparse, inputs)), await run(engine, cut, feedsFor(small, inputs))];
  const error = Math.max(...Object.keys(a).map((k) => relativeError(floatsOf(a[k]), floatsOf(b[k]))));
  if (!(error <= 1e-4)) throw new Wrong(`outputs of the small model are ${error.toPrecision(2)} off`);
  return { params: after / before, bytes: cut.length / full.length, error };
}
