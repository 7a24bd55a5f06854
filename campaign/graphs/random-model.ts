/** Random models: a few inputs, some tens of operators that are legal where they stand, one or more outputs. */
import { size } from "../../src/graph/tensor.ts";
import type { DType, Model, Shape, Value } from "../../src/graph/types.ts";
import type { Random } from "../../src/math/random.ts";
import { chance, pick } from "../mutate/pick.ts";
import { type MoveName, moves } from "./moves.ts";
import { Net } from "./net.ts";

/** Elements that a value may have, that models stay small. */
const MOST = 3000;

export interface RandomModelOptions {
  /** Default float32. */
  readonly dtype?: DType;
  /** What it is made of. Default: everything. */
  readonly of?: readonly MoveName[];
  readonly most?: number;
}

const INPUTS: readonly ((n: Net) => Shape)[] = [
  (n) => [n.between(1, 8)],
  (n) => [n.between(1, 5), n.between(1, 6)],
  (n) => [n.between(1, 4), n.between(1, 7), n.between(1, 7)],
];

/** The names of all moves. */
const everyMove = Object.keys(moves) as readonly MoveName[];

/** A model of at most `most` moves (default 12), whose batch is dynamic. */
export function randomModel(
  random: Random,
  { dtype = "float32", of = everyMove, most = 12 }: RandomModelOptions = {},
): Model {
  const n = new Net(random, dtype);
  for (let i = chance(random, 0.2) ? 2 : 1; i > 0; i--) n.input(pick(random, INPUTS)(n));
  for (let i = n.between(1, most); i > 0; i--) {
    const recent = chance(random, 0.7) ? n.values.at(-1)! : pick(random, n.values);
    const made = moves[pick(random, of)](n, recent);
    if (made && size(made.shape) <= MOST && size(made.shape) > 0) n.values.push(made);
  }
  const extra = chance(random, 0.15) ? [pick(random, n.values)] : [];
  const ends = [...new Set([n.values.at(-1)!, ...extra])];
  const outputs = ends.map((v, i): Value => n.g.output(v, `y${i}`));
  const graph = n.g.build();
  const dims = new Map([...graph.inputs, ...outputs].map((v) => [v.name, ["n", ...v.shape.slice(1)]]));
  return { graph, opset: pick(random, [13, 17, 17, 18, 21]), dims, metadata: new Map() };
}
