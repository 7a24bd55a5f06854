/** Random graphs of all operators: half of their groups set to zero, shrunk, proved, and compared. */
import { expect, test } from "vitest";
import { GRAPHS, LONG, randomGraphs } from "./support/random-graphs.ts";

const at = (path: string) => new URL(path, import.meta.url).href;
const { compareShrunk, halfZero } = (await import(
  at("../dist/campaign/graphs/shrinking.js")
)) as typeof import("../campaign/graphs/shrinking.ts");

test(
  `${GRAPHS} random graphs with groups at zero are shrunk, compute the same, and it is proved`,
  async () => {
    let smaller = 0;
    const outcomes = await randomGraphs("shrinking", async (model, random) => {
      const shrunk = await compareShrunk(halfZero(model, random), () => {});
      if (typeof shrunk === "string") return shrunk;
      if (shrunk.certificate.removed.length > 0) smaller++;
      return undefined;
    });
    expect(outcomes["compared"]).toBeGreaterThan(0.9 * GRAPHS);
    expect(smaller).toBeGreaterThan(0.2 * GRAPHS);
  },
  LONG,
);
