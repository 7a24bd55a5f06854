/** The prox of group MCP against a search on a grid, for steps below and above its concavity. */
import { expect, test } from "vitest";
import { penaltyFunctions } from "../../test/support/penalty-functions.ts";
import { builder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import { groupMcp } from "./group-mcp.ts";

const [lambda, concavity] = [0.3, 2.5];
const mcp = (r: number) =>
  r <= concavity * lambda ? lambda * r - (r * r) / (2 * concavity) : (concavity * lambda ** 2) / 2;

test.each([0.5, 2, 2.499, 2.5, 4, 30])("step %d", async (step) => {
  const start = [0, 0.1, 0.4, 0.7, 0.76, 0.9, 1.5, 3, -0.8];
  const g = builder();
  const weight = g.initializer("w", f32(start, [1, start.length]));
  g.output(g.Gemm(g.input("x", "float32", [1, start.length]), weight, null, { transB: 1 }));
  const penalty = groupMcp({ lambda, concavity, groups: "inputChannel", weights: "uniform" });
  const { prox } = await penaltyFunctions(penalty, g.build(), { step });
  const { data } = (await prox({ w: f32(start, [1, start.length]) })).w;
  start.forEach((r, i) => {
    const cost = (u: number) => 0.5 * (u - Math.abs(r)) ** 2 + step * mcp(u);
    let best = 0;
    for (let u = 0; u <= 3.2; u += 1e-4) if (cost(u) < cost(best)) best = u;
    expect(cost(Math.abs(Number(data[i])))).toBeLessThan(cost(best) + 1e-6);
  });
});
