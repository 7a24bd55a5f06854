/** Random graphs one after the other, from a seed that is printed; and how often each operator was among those that were compared. */
import { expect } from "vitest";
import { operatorPlaces } from "../../campaign/graphs/places.ts";
import type { Model } from "../../src/index.ts";

const at = (path: string) => new URL(path, import.meta.url).href;
const { randomModel } = (await import(
  at("../../dist/campaign/graphs/random-model.js")
)) as typeof import("../../campaign/graphs/random-model.ts");
const { randomOf } = (await import(at("../../dist/campaign/suite.js"))) as typeof import("../../campaign/suite.ts");
const { withoutUnread } = (await import(
  at("../../dist/src/graph/walk.js")
)) as typeof import("../../src/graph/walk.ts");

type Random = ReturnType<typeof randomOf>;

/** How many graphs are tried. */
export const GRAPHS = 2000;
/** Milliseconds that this may take where the machine is busy; alone it takes about a minute. */
export const LONG = 900_000;
/** Of them, those that have an operator and could be compared: so many at least. Some thirty are drawn of the rarest. */
const LEAST = 3;
const VARIABLE = "ESPALIER_RANDOM_GRAPHS";

/**
 * Tries `GRAPHS` of them.
 * @param one what is tried with a graph; undefined where it was compared, else why it could not be
 * @returns how many came to what, by what `one` said; "compared" where it said nothing
 */
export async function randomGraphs(
  name: string,
  one: (model: Model, random: Random) => Promise<string | undefined>,
): Promise<Record<string, number>> {
  const seed = Number(process.env[VARIABLE] ?? Date.now() % 2 ** 32);
  console.log(`${name}: ${GRAPHS} random graphs, again by ${VARIABLE}=${seed}`);
  const outcomes: Record<string, number> = { compared: 0 };
  const compared = new Map<string, number>();
  for (let i = 0; i < GRAPHS; i++) {
    const random = randomOf(seed, name, i);
    const model = randomModel(random);
    const outcome = await one(model, random).catch((e: unknown) => {
      throw new Error(`graph ${i} of ${VARIABLE}=${seed}: ${e instanceof Error ? e.message : e}`, { cause: e });
    });
    outcomes[outcome ?? "compared"] = (outcomes[outcome ?? "compared"] ?? 0) + 1;
    if (outcome) continue;
    for (const op of new Set(withoutUnread(model.graph).nodes.map((n) => n.op)))
      compared.set(op, (compared.get(op) ?? 0) + 1);
  }
  console.log(
    `${name}: ${Object.entries(outcomes)
      .map(([what, n]) => `${n} ${what}`)
      .join(", ")}`,
  );
  const rare = Object.entries(operatorPlaces).filter(
    ([op, place]) => place === "made" && (compared.get(op) ?? 0) < LEAST,
  );
  expect(
    rare.map(([op]) => op),
    `operators in fewer than ${LEAST} graphs that were compared`,
  ).toEqual([]);
  return outcomes;
}
