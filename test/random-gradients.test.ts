/** Random graphs of all operators: gradients beside central differences in float64. */
import { expect, test } from "vitest";
import { GRAPHS, LONG, randomGraphs } from "./support/random-graphs.ts";

const at = (path: string) => new URL(path, import.meta.url).href;
const { compareGradients } = (await import(
  at("../dist/campaign/graphs/gradients.js")
)) as typeof import("../campaign/graphs/gradients.ts");

test(
  `the gradients of ${GRAPHS} random graphs are the slopes of what they compute`,
  async () => {
    const outcomes = await randomGraphs("gradients", (model, random) => compareGradients(model, random, () => {}));
    expect(outcomes["compared"]).toBeGreaterThan(0.9 * GRAPHS);
  },
  LONG,
);
