/** Every optimizer with every penalty and every kind of group: two steps on a small residual network, or a refusal. */
import { expect, test } from "vitest";
import { residualBlock } from "../../test/support/residual-block.ts";
import { fromArrays } from "../data/dataset.ts";
import { node } from "../engine/node.ts";
import type { GroupKind, Side } from "../groups/groups.ts";
import { constant } from "../optim/schedule.ts";
import { groupLasso } from "../prox/group-lasso.ts";
import { groupMcp } from "../prox/group-mcp.ts";
import type { Penalty } from "../prox/penalty.ts";
import { wgsef } from "../prox/wgsef.ts";
import { Random } from "../random.ts";
import { optimizers, penalties } from "./catalogue.ts";
import { checkPair, defined } from "./pairs.ts";
import { train } from "./train.ts";

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
const all = penalties.flatMap((p) => everyKind[p.name] ?? [p]);
const pairs = optimizers.flatMap((o) => all.map((p) => [o, p] as const));
const label = ({ options: { groups = "", side = "" } }: Penalty) =>
  groups === "coupled" ? `${groups} ${side}` : typeof groups === "object" ? "blocks" : groups;

test("the table has every kind of group of every group penalty", () => {
  expect(penalties.filter((p) => p.options.groups).map((p) => p.name)).toEqual(Object.keys(everyKind));
});

test.each(pairs.filter(([o, p]) => defined(o, p)).map(([o, p]) => [o.name, p.name, label(p), o, p] as const))(
  "%s with %s %s takes two steps",
  async (_, __, ___, optimizer, penalty) => {
    const run = train(model, data, {
      engine,
      optimizer,
      penalty,
      schedule: constant({ lr: 0.01 }),
      epochs: 2, // of one step each: both stages where there are two
      batchSize: count,
      lambdaWarmup: 0,
      augment: null,
    });
    for await (const { loss, testLoss } of run) expect(Number.isFinite(loss + testLoss)).toBe(true);
    expect(run.finished).toBe(true);
    for (const [v, { data: now }] of run.model.graph.initializers)
      expect(
        now.every((value) => Number.isFinite(Number(value))),
        v.name,
      ).toBe(true);
    const changed = [...run.model.graph.initializers].filter(([v, t]) => {
      const [, before] = [...model.graph.initializers].find(([old]) => old.name === v.name)!;
      return t.data.some((value, i) => value !== before.data[i]);
    });
    expect(changed.map(([v]) => v.name)).toContain("inner.weight");
  },
);

test("every other pair is refused, with what each side goes with", () => {
  const refused = pairs.filter(([o, p]) => !defined(o, p));
  expect(refused.length).toBeGreaterThan(0);
  for (const [o, p] of refused) {
    const message = (() => {
      try {
        checkPair(o, p);
      } catch (error) {
        return String(error);
      }
    })();
    expect(message, `${o.name} with ${p.name}`).toContain(`${o.name} goes with`);
    expect(message).toContain(`${p.name} goes with`);
    for (const other of penalties)
      if (defined(o, other)) expect(message).toMatch(new RegExp(`goes with .*\\b${other.name}\\b`));
    for (const other of optimizers)
      if (defined(other, p)) expect(message).toMatch(new RegExp(`goes with .*\\b${other.name}\\b`));
    expect(() =>
      train(model, data, { engine, optimizer: o, penalty: p, schedule: constant({ lr: 0.01 }), epochs: 1 }),
    ).toThrow(o.name);
  }
});
