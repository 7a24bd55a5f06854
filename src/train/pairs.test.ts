/** Every optimizer with every penalty and every kind of group: two steps on a small residual network, or a refusal. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { residualBlock } from "../../test/support/residual-block.ts";
import { fromArrays } from "../data/dataset.ts";
import { node } from "../engine/node.ts";
import { numbers } from "../graph/tensor.ts";
import type { GroupKind, Side } from "../groups/group-set.ts";
import { Random } from "../math/random.ts";
import * as methods from "../methods.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { constant } from "../optim/schedule.ts";
import type { PenaltyMethod } from "../prox/define.ts";
import type { Penalty } from "../prox/penalty.ts";
import { train } from "./train.ts";

const optimizers = Object.values(methods.optimizers).flatMap(methods.formsOf);
const penalties = Object.values(methods.penalties).map((p) => methods.exampleOf(p));
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

/** Strong enough to be seen after two steps, once for every kind of group that a penalty can be given. */
const strong: Readonly<Record<string, number>> = { l0: 1 };
const all = Object.values(methods.penalties).flatMap((method: PenaltyMethod) => {
  const lambda = strong[method.name];
  if ("groups" in method.options.shape) return kinds.map((kind) => methods.exampleOf(method, { lambda: 0.1, ...kind }));
  return [methods.exampleOf(method, lambda === undefined ? {} : { lambda })];
});
const pairs = optimizers.flatMap((o) => all.map((p) => [o, p] as const));

/** The partners of each method, as docs/methods.md promises them: names, some with the form that takes them. */
const page = readFileSync(new URL("../../docs/methods.md", import.meta.url), "utf8");
const partners = new Map(
  [...page.matchAll(/^### `(\w+)`$[\s\S]*?^\*\*(?:Penalties|Optimizers)\*\* (.*)$/gm)].map(([, name, list]) => [
    name,
    list === "none" ? [] : list.replaceAll("`", "").split(", "),
  ]),
);
const named = ({ name, form }: Optimizer) => (form ? `${name} ${form}` : name);

/** What the page says of a pair. */
const promised = (o: Optimizer, p: Penalty) =>
  partners.get(o.name)!.some((partner) => partner === p.name || partner === `${p.name} (${o.form})`);

const label = ({ options: { groups = "", side = "" } }: Penalty) =>
  groups === "coupled" ? `${groups} ${side}` : typeof groups === "object" ? "blocks" : groups;

test("the page promises something of every method, and the same from both sides", () => {
  for (const o of optimizers)
    for (const p of penalties)
      expect(
        partners.get(p.name)!.some((partner) => partner === o.name || partner === `${o.name} (${o.form})`),
        `${named(o)} with ${p.name}`,
      ).toBe(promised(o, p));
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
    expect(Number.isFinite(loss + testLoss!)).toBe(true);
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
        methods.checkMethods(o, p);
      } catch (error) {
        return String(error);
      }
    })();
    const listed = (side: string) => new RegExp(`^ *the ${side} goes with +(.*)$`, "m").exec(message!)?.[1];
    const wanted = penalties.filter((other) => promised(o, other)).map((other) => other.name);
    expect(listed("optimizer"), message).toBe(wanted.join(", ") || "none: it has no proximal step");
    expect(listed("penalty"), message).toBe(partners.get(p.name)!.join(", "));
    expect(() =>
      train(model, data, { engine, optimizer: o, penalty: p, schedule: constant({ lr: 0.01 }), epochs: 1 }),
    ).toThrow(o.name);
  }
});
