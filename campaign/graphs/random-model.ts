/** Random models: a few inputs, some tens of operators that are legal where they stand, one or more outputs. */
import { size } from "../../src/graph/tensor.ts";
import type { Dim, Model, Shape, Value } from "../../src/graph/types.ts";
import type { Random } from "../../src/math/random.ts";
import { read } from "../../src/onnx/read.ts";
import { write } from "../../src/onnx/write.ts";
import { chance, pick } from "../mutate/pick.ts";
import { moves } from "./moves/index.ts";
import { Net } from "./net.ts";

/** Elements that a value may have, that models stay small. */
const MOST = 3000;
/** So often another move is taken where one cannot be applied. */
const TRIES = 4;
/** Outputs that are taken because nobody reads them. */
const MOST_ENDS = 3;
/** The opset that has every operator of the table. */
const NEWEST = 23;

export interface RandomModelOptions {
  /** The most moves. Default 12. */
  readonly most?: number;
}

const INPUTS: readonly ((n: Net) => Shape)[] = [
  (n) => [n.between(1, 8)],
  (n) => [n.between(1, 5), n.between(1, 6)],
  (n) => [n.between(2, 6), n.between(2, 6)],
  (n) => [n.between(1, 4), n.between(1, 7), n.between(1, 7)],
  (n) => [n.between(2, 4), n.between(3, 7), n.between(3, 7)],
];

function oneMove(n: Net): void {
  const recent = chance(n.random, 0.8) ? n.values.at(-1)! : pick(n.random, n.values);
  for (let i = 0; i < TRIES; i++) {
    const made = pick(n.random, pick(n.random, moves))(n, recent);
    if (!made) continue;
    if (size(made.shape) <= MOST && size(made.shape) > 0) n.values.push(made);
    return;
  }
}

/** The last value; often with what nobody reads, now and then with what others read. */
function endsOf({ g, random, values }: Net): Value[] {
  const read = new Set(g.build().nodes.flatMap((node) => node.inputs));
  const unread = chance(random, 0.7) ? values.filter((v) => !read.has(v)) : [];
  const extra = chance(random, 0.15) ? [pick(random, values)] : [];
  return [...new Set([values.at(-1)!, ...unread.slice(-MOST_ENDS), ...extra])];
}

/** A model of float32, whose batch is dynamic. */
export function randomModel(random: Random, { most = 12 }: RandomModelOptions = {}): Model {
  const n = new Net(random);
  for (let i = chance(random, 0.2) ? 2 : 1; i > 0; i--) n.input(pick(random, INPUTS)(n));
  if (chance(random, 0.15)) n.tokens(n.between(1, 5), n.between(1, 6));
  for (let i = n.between(1, most); i > 0; i--) oneMove(n);
  const ends = endsOf(n);
  const outputs = ends.map((v, i): Value => n.g.output(v, `y${i}`));
  const graph = n.g.build();
  const dims = new Map([...graph.inputs, ...outputs].map((v): [string, Dim[]] => [v.name, ["n", ...v.shape.slice(1)]]));
  const opset = n.isForeign ? NEWEST : pick(random, [13, 17, 17, 18, 21]); // where reading takes it apart, it must have the parts
  const model: Model = { graph, opset, dims, metadata: new Map() };
  return n.isForeign ? read(write(model)) : model;
}
