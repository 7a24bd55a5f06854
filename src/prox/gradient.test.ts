/** The gradient of every penalty that has one against central differences of its value; 0 where a group is zero. */
import { expect, test } from "vitest";
import { branchingNet } from "../../test/support/branching-net.ts";
import { type Named, penaltyFunctions } from "../../test/support/penalty-functions.ts";
import { f32, size } from "../graph/tensor.ts";
import type { Shape } from "../graph/types.ts";
import { Random } from "../math/random.ts";
import { exampleOf, penalties as methods } from "../methods.ts";
import { groupLasso } from "./group-lasso.ts";
import { groupMcp } from "./group-mcp.ts";
import { l1 } from "./l1.ts";
import type { Penalty } from "./penalty.ts";
import { sef, wgsef } from "./wgsef.ts";

const random = new Random(11, "init");
const draw = (shape: Shape, one: () => number) => f32(Float32Array.from({ length: size(shape) }, one), shape);
/** Away from zero, where the value has no derivative. */
const away = () => (random.uniform() + 0.3) * (random.uniform() < 0.5 ? -1 : 1);
const graph = branchingNet((shape) => draw(shape, away));
const weights: Named = Object.fromEntries([...graph.initializers].map(([v, t]) => [v.name, t]));
const names = Object.keys(weights);

/** Everything that reads the first two channels of `a` made zero: groups of their own on the consumer side. */
const dead: Named = {
  ...weights,
  ...Object.fromEntries(
    ["b", "c"].map((name) => {
      const { data, shape } = weights[name];
      return [
        name,
        f32(
          (data as Float32Array).map((x, i) => (Math.floor(i / 9) % 4 < 2 ? 0 : x)),
          shape,
        ),
      ];
    }),
  ),
};

const H = 0.02;

const penalties: [string, Penalty][] = [
  ["l1", l1({ lambda: 0.8 })],
  ["group lasso", groupLasso({ lambda: 1.3 })],
  ["group lasso, size, input channels", groupLasso({ lambda: 1.3, weights: "size", groups: "inputChannel" })],
  ["group lasso, producers", groupLasso({ lambda: 1.3, side: "producer" })],
  ["group lasso, elements", groupLasso({ lambda: 1.3, groups: "element" })],
  ["group lasso, ragged blocks", groupLasso({ lambda: 1.3, groups: { block: [2, 3] } })],
  ["group MCP", groupMcp({ lambda: 0.6, concavity: 4 })],
  ["group MCP, uniform", groupMcp({ lambda: 3, weights: "uniform" })],
  ["wgsef, k 1", wgsef({ lambda: 0.7, k: 1 })],
  ["wgsef, k 2", wgsef({ lambda: 0.7, k: 2 })],
  ["wgsef, all", wgsef({ lambda: 0.7, keep: 1 })],
  ["wgsef, size", wgsef({ lambda: 0.1, keep: 0.5, weights: "size" })],
  ["wgsef, balanced, output channels", wgsef({ lambda: 0.1, k: 2, weights: "balanced", groups: "outputChannel" })],
  ["sef", sef({ lambda: 0.7, keep: 0.3 })],
];

/** Every other that has one, as an example. */
const others = Object.values(methods)
  .filter(({ name, ways }) => ways.includes("gradient") && !penalties.some(([, p]) => p.name === name))
  .map((method): [string, Penalty] => [method.name, exampleOf(method, { lambda: 0.8 })]);

test.each([...penalties, ...others])("%s: central differences of its value", async (_, penalty) => {
  const { value, gradient } = await penaltyFunctions(penalty, graph);
  for (const at of [weights, dead]) {
    const slope = await gradient(at);
    if (at === dead)
      for (const name of ["b", "c"])
        slope[name].data.forEach((x, i) => {
          if (Math.floor(i / 9) % 4 < 2) expect(x === 0, "0 at a zero group").toBe(true);
        });
    for (let trial = 0; trial < 5; trial++) {
      const along = names.map((n) => draw(at[n].shape, () => 2 * random.uniform() - 1));
      const moved = (h: number): Named =>
        Object.fromEntries(
          names.map((n, k) => [
            n,
            f32(
              (at[n].data as Float32Array).map((x, i) => (x === 0 ? 0 : x + h * Number(along[k].data[i]))),
              at[n].shape,
            ),
          ]),
        );
      const wanted = ((await value(moved(H))) - (await value(moved(-H)))) / (2 * H);
      let got = 0;
      let scale = 0;
      names.forEach((n, k) => {
        slope[n].data.forEach((x, i) => {
          got += Number(x) * Number(along[k].data[i]);
          scale += (Number(x) * Number(along[k].data[i])) ** 2;
        });
      });
      expect(Math.abs(got - wanted) / Math.sqrt(scale)).toBeLessThan(2e-3);
    }
  }
});
