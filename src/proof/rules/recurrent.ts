/** Recurrent layers: h′ = f(W·x + R·h + b), unit by unit and gate by gate. Nothing is known of what they make. */
import type { Shape } from "../../graph/types.ts";
import { termLevel } from "../contraction.ts";
import { spend } from "../effort.ts";
import { type Fact, isZero, met, nothing } from "../fact.ts";
import { allOnes } from "../field.ts";
import { everywhere, greatest, isNeeded, nowhere } from "../need.ts";
import { type Call, NEED, type Need, type ProofRule, type ProofRules } from "./rule.ts";

/** Where an element of [ways, rows, columns] stands in a field of which axes may be stored once. */
const place = ([d, m, n]: Shape, way: number, row: number, column: number): number =>
  ((d === 1 ? 0 : way) * m + (m === 1 ? 0 : row)) * n + (n === 1 ? 0 : column);

/** Visits the elements of a weight [ways, gates · units, columns] in order, with the unit that they belong to. */
function eachElement(
  shape: Shape,
  units: number,
  visit: (unit: number, column: number, way: number, row: number) => void,
): void {
  const [ways, rows, columns] = shape;
  spend(ways * rows * columns);
  for (let way = 0; way < ways; way++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) visit(row % units, column, way, row);
}

/** The units that an output needs, and those that they need of the steps before, in whatever direction. */
function neededUnits({ inputs, known }: Call<unknown>, need: Need): Uint8Array {
  const r = inputs[2]!.shape;
  const [units, of] = [r[2], known[2]];
  const own = greatest(
    need,
    need.shape.slice(1).map((_, i) => i),
  ).level;
  const live = Uint8Array.from({ length: units }, (_, i) => (own[own.length === 1 ? 0 : i] > NEED.unread ? 1 : 0));
  const reads = Array.from({ length: units }, () => new Set<number>());
  eachElement(r, units, (unit, column, way, row) => {
    if (!isZero(of, place(of.shape, way, row, column))) reads[unit].add(column);
  });
  const next = [...live.keys()].filter((i) => live[i]);
  for (const unit of next)
    for (const column of reads[unit])
      if (!live[column]) {
        live[column] = 1;
        next.push(column);
      }
  return live;
}

const levels = (live: Uint8Array): Uint8Array => live.map((l) => (l ? NEED.live : NEED.unread));

/** A vector of every gate's units: B, or P. */
function ofRows(live: Uint8Array, [, rows]: Shape): Need {
  const level = Uint8Array.from({ length: rows }, (_, row) => (live[row % live.length] ? NEED.live : NEED.unread));
  return { shape: [1, rows], level };
}

/** W or R. @param columns what is known of what each column meets; absent: nothing */
function ofWeight(live: Uint8Array, w: Fact, shape: Shape, columns?: Fact): Need {
  const level = new Uint8Array(shape.reduce((n, d) => n * d, 1));
  let at = 0;
  eachElement(shape, live.length, (unit, column, way, row) => {
    const i = place(w.shape, way, row, column);
    if (live[unit]) level[at] = columns ? columnLevel(w, i, columns, column) : isZero(w, i) ? NEED.unread : NEED.live;
    at++;
  });
  return { shape: [...shape], level };
}

const columnLevel = (w: Fact, i: number, x: Fact, column: number): number =>
  termLevel(w, i, x, x.value.length === 1 ? 0 : column, false);

/** The features of X, as the rows of units that are needed read them. */
function ofFeatures(live: Uint8Array, w: Fact, shape: Shape, x: Fact): Need {
  const level = new Uint8Array(shape[2]);
  eachElement(shape, live.length, (unit, column, way, row) => {
    if (live[unit])
      level[column] = Math.max(level[column], columnLevel(w, place(w.shape, way, row, column), x, column));
  });
  return { shape: [1, 1, shape[2]], level };
}

const layer: ProofRule<unknown> = {
  known: ({ outputs }, at) => nothing(outputs[at]!.shape.length),
  needs(call, k, need) {
    const { inputs, known } = call;
    const rank = inputs[k]!.shape.length;
    if (!isNeeded(need)) return nowhere(rank);
    const live = neededUnits(call, need);
    const [w, x] = [inputs[1]!.shape, met(known[0], [0, 1])];
    if (k === 0) return ofFeatures(live, known[1], w, x);
    if (k === 1) return ofWeight(live, known[1], w, x);
    if (k === 2) return ofWeight(live, known[2], inputs[2]!.shape);
    if (k === 3 || k === 7) return ofRows(live, inputs[k]!.shape);
    if (k === 4) return everywhere(rank, NEED.live);
    return { shape: [...allOnes(2), live.length], level: levels(live) };
  },
};

export const recurrentProofs: ProofRules<"recurrent"> = { GRU: layer, LSTM: layer, RNN: layer };
