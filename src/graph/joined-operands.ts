/**
 * Whether a stored tensor that is added to data, or multiplied with it, learns: a bias, a scale, an embedding of positions do, a
 * mask, a factor, a normalization of the input, a table of sines do not.
 */

import { entryOf, families, opOf } from "./ops/index.ts";
import type { Role, Surroundings, Use } from "./roles.ts";
import { size } from "./tensor.ts";
import type { Graph, Node, Tensor, Value } from "./types.ts";

/** Names that exporters make up for what had none: "onnx::Add_12", "/Constant_3_output_0", "val_7", "where_1", "12". */
const MADE_UP =
  /^(onnx::.*|(.*[/.])?_?[Cc]onst(ant|_fold_opt_|_)?[_\d]*(_output_\d+)?|(val|lifted_tensor|_tensor_constant|c_lifted_tensor|scalar_tensor|arange|where|(full|ones|zeros)(_like)?|expand|eye|tri[lu])(_\d+)*|\d+)$/;

/** Whether a name is one that exporters make up for what had none. */
export const isMadeUp = (name: string): boolean => MADE_UP.test(name);

/** What makes an operand a constant; the first that holds. Each takes all that can be known of the operand. */
const evidence: readonly ((o: Operand) => string | false)[] = [
  ({ tensor }) => holdsInfinity(tensor) && "it holds infinity, as masks do",
  ({ tensor }) => size(tensor.shape) === 1 && "one number for all",
  ({ through }) => through.periodic && "an angle",
  (o) => isMask(o) && "a mask: added before a Softmax, 0 or far below",
  ({ tensor }) => isTrigonometric(tensor) && "a table of sines and cosines",
  ({ other, inputs }) => !!other && inputs.has(other) && `it acts on the graph's input, as a normalization does`,
  ({ v, tensor, perChannel }) =>
    !perChannel && isMadeUp(v.name) && uniform(tensor) && "the same number everywhere, without a name",
  (o) => !o.perChannel && isMadeUp(o.v.name) && axes(o.tensor) > 1 && !standsBesideRows(o) && "a table without a name",
];

interface Operand extends Surroundings, Use {
  /** What it is joined to. */
  readonly other: Value | undefined;
  /** It is joined to a product with a stored weight, one number per channel. */
  readonly perChannel: boolean;
}

/** The role of an operand of Add, Sub, Mul, Div or Sum. */
export function joinedRole(use: Use, around: Surroundings): Role {
  const { tensor, met } = use;
  const { node } = met;
  const other = node.inputs.find((x, i) => i !== met.at && x && around.data.has(x)) ?? undefined;
  const perChannel = axes(tensor) === 1 && !!other && isProduct(other, around);
  const operand = { ...around, ...use, other, perChannel };
  for (const shows of evidence) {
    const why = shows(operand);
    if (why) return { learns: false, why };
  }
  return { learns: true, why: `operand ${met.at + 1} of ${node.op} ${node.name}`.trimEnd() };
}

/** The role of what a Concat puts beside data. */
export function besideRole({ v, tensor, met }: Use): Role {
  const is = uniform(tensor) ? "the same number everywhere" : axes(tensor) > 1 ? "a table" : undefined;
  if (is && isMadeUp(v.name)) return { learns: false, why: `${is}, without a name` };
  if (isTrigonometric(tensor)) return { learns: false, why: "a table of sines and cosines" };
  return { learns: true, why: `operand ${met.at + 1} of ${met.node.op} ${met.node.name}`.trimEnd() };
}

/**
 * Whether it is a row for each row of a table that is looked up, to which it is joined: what an exporter leaves of a table of positions
 * when it looks these up ahead of time. (Of sines and cosines it was told apart before.)
 */
function standsBesideRows({ tensor, other, makes, data }: Operand): boolean {
  if (!other || tensor.shape.at(-1) !== other.shape.at(-1) || other.shape.length < 2) return false;
  for (let node = makes.get(other); node; ) {
    const table = entryOf(node.op, node.domain)?.table;
    if (table !== undefined) return !data.has(node.inputs[table]!);
    if (!joins(node)) return false; // words, perhaps scaled, and what kind of words they are
    const from = node.inputs.find((x) => x && data.has(x));
    node = from ? makes.get(from) : undefined;
  }
  return false;
}

/** How many axes are longer than 1. */
const axes = ({ shape }: Tensor): number => shape.filter((d) => d > 1).length;

/** NaN is no mask: whoever looks at weights names it. */
const holdsInfinity = ({ data }: Tensor): boolean =>
  (data as Float32Array).some((x) => Math.abs(x) === Infinity) && !(data as Float32Array).some(Number.isNaN);

const uniform = ({ data }: Tensor): boolean => (data as Float32Array).every((x) => x === data[0]);

/** Whether a value is a product of data with a stored weight, perhaps moved about. */
function isProduct(v: Value, { makes, data }: Surroundings): boolean {
  let node = makes.get(v);
  while (node && moves(node) && node.inputs[0]) node = makes.get(node.inputs[0]);
  return !!node && !!entryOf(node.op, node.domain)?.product && node.inputs.some((x) => x && !data.has(x));
}

/** Whether what is joined to an operand goes into a Softmax next, and the operand lets through (0) or shuts out. */
function isMask({ met, tensor, reads }: Operand): boolean {
  const numbers = new Set(tensor.data as Float32Array);
  if (numbers.size > 2 || !numbers.has(0) || [...numbers].every((x) => x > SHUT)) return false;
  const seen = new Set(met.node.outputs);
  for (const v of seen)
    for (const n of (v && reads.get(v)) || []) {
      if (entryOf(n.op, n.domain)?.shares) return true;
      if (moves(n) || joins(n)) for (const o of n.outputs) seen.add(o); // looked at in its turn
    }
  return false;
}
/** What is this far below the rest has no share in a Softmax. */
const SHUT = -10;

/** Positions × channels of sines and cosines: the first row, of angle 0, is of zeros and ones alone. */
export function isTrigonometric({ shape, data }: Tensor): boolean {
  const [rows, columns] = shape.filter((d) => d > 1).slice(-2);
  if (columns === undefined || rows === undefined) return false;
  const numbers = data as Float32Array;
  const first = numbers.subarray(0, columns);
  return (
    first.every((x) => x === 0 || x === 1) &&
    numbers.every((x) => Math.abs(x) <= 1) &&
    numbers.subarray(columns, 2 * columns).some((x) => x !== 0 && x !== 1)
  );
}

/** The graph's inputs that are data, and what they are after being moved about or joined to others only; no row of a table is. */
export function unchanged(graph: Graph, data: ReadonlySet<Value>): Set<Value> {
  const found = new Set(graph.inputs.filter((v) => data.has(v)));
  for (const node of graph.nodes) {
    if (!moves(node) && !joins(node)) continue;
    const first = node.inputs.find((x) => x && data.has(x));
    if (first && found.has(first)) for (const o of node.outputs) if (o) found.add(o);
  }
  return found;
}

const moves = ({ op, domain }: Node): boolean =>
  domain === "" && (Object.hasOwn(families.movement, op) || !!opOf(op)?.permutes);
const joins = ({ op, domain }: Node): boolean => !!entryOf(op, domain)?.joins;
