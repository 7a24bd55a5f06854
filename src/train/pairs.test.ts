/** Every optimizer with every penalty and every kind of group: two steps on a small residual network, or a refusal. */
import { expect, test } from "vitest";
import { residualBlock } from "../../test/support/residual-block.ts";
import { fromArrays } from "../data/dataset.ts";
import { node } from "../engine/node.ts";
import { numbers } from "../graph/tensor.ts";
import type { GroupKind, Side } from "../groups/group-set.ts";
import { Random } from "../math/random.ts";
import {
  checkMethods,
  exampleOf,
  formsOf,
  type OptimizerName,
  optimizers as optimizerTable,
  type PenaltyName,
  penalties as penaltyTable,
} from "../methods.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { constant } from "../optim/schedule.ts";
import { groupLasso } from "../prox/group-lasso.ts";
import { groupMcp } from "../prox/group-mcp.ts";
import { l0 } from "../prox/l0.ts";
import type { Penalty } from "../prox/penalty.ts";
import { wgsef } from "../prox/wgsef.ts";
import { train } from "./train.ts";

const optimizers = Object.values(optimizerTable).flatMap(formsOf);
const penalties = Object.values(penaltyTable).map(exampleOf);
const engine = node({ threads: 1 });
const model = residualBlock({ seed: 2, side: 4, classes: 3 });
const random = new Random(4, "init");
const count = 8;
const x = Float32Array.from({ length: count * 16 }, () => random.normal());
const y = Int32Array.from({ length: count }, (_, i) => i % 3);
const held = { x: x.slice(0, 16), y: y.slice(0, 1) };
const data = fromArrays(x, y, { shape: [1, 4, 4], classes: 3, test: held });

const kinds: readonly { readonly groups: GroupKind; readonly side?: Side }[] = [
  { groups: "element" },
  { groups: "inputChannel" },
  { groups: "outputChannel" },
  { groups: { block: [2, 3] } },
  { groups: "coupled", side: "consumer" },
  { groups: "coupled", side: "producer" },
];

/** A penalty once for every kind of group that it can be given. */
const everyKind: Readonly<Record<string, readonly Penalty[]>> = {
  groupLasso: kinds.map((kind) => groupLasso({ lambda: 0.1, ...kind })),
  groupMcp: kinds.map((kind) => groupMcp({ lambda: 0.1, ...kind })),
  wgsef: kinds.map((kind) => wgsef({ lambda: 0.1, keep: 0.5, ...kind })),
};
/** Strong enough to be seen after two steps. */
const strong: Readonly<Record<string, readonly Penalty[]>> = { l0: [l0({ lambda: 1 })] };
const all = penalties.flatMap((p) => everyKind[p.name] ?? strong[p.name] ?? [p]);
const pairs = optimizers.flatMap((o) => all.map((p) => [o, p] as const));

const NONE: readonly PenaltyName[] = [];
const EVERY: readonly PenaltyName[] = [
  "groupLasso",
  "groupMcp",
  "wgsef",
  "sef",
  "l1",
  "l0",
  "lHalf",
  "l2",
  "nuclear",
  "nm",
];
/** Penalties with a prox in a diagonal metric. */
const METRIC: readonly PenaltyName[] = ["groupLasso", "l1", "l0", "lHalf", "l2", "nm"];
/** Those with a gradient. */
const GRADIENT: readonly PenaltyName[] = ["groupLasso", "groupMcp", "wgsef", "sef", "l1"];
/** What goes together, as the documents promise it. */
const table: Readonly<
  Record<Exclude<OptimizerName, "proxSgd"> | `proxSgd ${"unit" | "yang"}`, readonly PenaltyName[]>
> = {
  sgd: NONE,
  adam: NONE,
  adamw: NONE,
  rmda: EVERY,
  ramda: METRIC,
  rda: EVERY,
  "proxSgd unit": EVERY,
  "proxSgd yang": METRIC,
  proxSsi: METRIC,
  proxGen: METRIC,
  grda: NONE,
  hspg: GRADIENT,
  rigl: NONE,
  magnitude: NONE,
};
const rows: readonly (readonly [optimizer: string, penalties: readonly string[]])[] = Object.entries(table);
const named = ({ name, form }: Optimizer) => (form ? `${name} ${form}` : name);
/** What the table says of a pair. */
const promised = (o: Optimizer, p: Penalty) => rows.find(([name]) => name === named(o))![1].includes(p.name);
/** What goes with a penalty; proxSgd in both forms or in the one that takes more. */
const goingWith = (p: Penalty) =>
  rows
    .flatMap(([name, names]) => (names.includes(p.name) ? [name] : []))
    .join(", ")
    .replace("proxSgd unit, proxSgd yang", "proxSgd")
    .replace("proxSgd unit", "proxSgd (unit)");

const label = ({ options: { groups = "", side = "" } }: Penalty) =>
  groups === "coupled" ? `${groups} ${side}` : typeof groups === "object" ? "blocks" : groups;

test("the table has every kind of group of every group penalty", () => {
  expect(penalties.filter((p) => p.options.groups).map((p) => p.name)).toEqual(Object.keys(everyKind));
});

test("the table has every optimizer and every penalty", () => {
  expect(rows.map(([name]) => name)).toEqual(optimizers.map(named));
  expect(EVERY).toEqual(penalties.map((p) => p.name));
});

/** Two steps, both stages where there are two: the sum of the magnitudes of a parameter after the first one. */
async function afterOne(optimizer: Optimizer, penalty?: Penalty): Promise<number> {
  const run = train(model, data, {
    engine,
    optimizer,
    penalty,
    schedule: constant({ lr: 0.01 }),
    epochs: 2, // of one step each
    batchSize: count,
    lambdaWarmup: 1.5, // two thirds of λ in the first step, all of it in the second
    augment: null,
  });
  const found: number[] = [];
  for await (const { loss, testLoss } of run) {
    expect(Number.isFinite(loss + testLoss)).toBe(true);
    const [, w] = [...run.model.graph.initializers].find(([v]) => v.name === "inner.weight")!;
    found.push(numbers(w).reduce((sum, x) => sum + Math.abs(x), 0));
  }
  expect(run.finished).toBe(true);
  for (const [v, t] of run.model.graph.initializers) expect(numbers(t).every(Number.isFinite), v.name).toBe(true);
  return found[0];
}
const without = new Map<Optimizer, Promise<number>>();
for (const o of optimizers) if (o.prox !== undefined) without.set(o, afterOne(o));

test.each(pairs.filter(([o, p]) => promised(o, p)).map(([o, p]) => [named(o), p.name, label(p), o, p] as const))(
  "%s with %s %s takes two steps, of which the first leaves smaller weights than without",
  async (_, __, ___, optimizer, penalty) => {
    expect(await afterOne(optimizer, penalty)).toBeLessThan((await without.get(optimizer))!);
  },
);

test("every other pair is refused, with what each side goes with", () => {
  const refused = pairs.filter(([o, p]) => !promised(o, p));
  for (const [o, p] of refused) {
    const message = (() => {
      try {
        checkMethods(o, p);
      } catch (error) {
        return String(error);
      }
    })();
    const listed = (side: string) => new RegExp(`^ *the ${side} goes with +(.*)$`, "m").exec(message!)?.[1];
    const wanted = penalties.filter((other) => promised(o, other)).map((other) => other.name);
    expect(listed("optimizer"), message).toBe(wanted.join(", ") || "none: it has no proximal step");
    expect(listed("penalty"), message).toBe(goingWith(p));
    expect(() =>
      train(model, data, { engine, optimizer: o, penalty: p, schedule: constant({ lr: 0.01 }), epochs: 1 }),
    ).toThrow(o.name);
  }
});
