/** Recurrent layers, written out step by step; without lengths, peepholes and other settings. */
import type { Builder } from "../../../src/graph/builder.ts";
import { reshape } from "../../../src/graph/emit.ts";
import type { Value } from "../../../src/graph/types.ts";
import { type Double, type Doubles, Unsaid } from "./double.ts";

/** The states of a cell: that which it gives, and with an LSTM the inner one. */
type State = readonly Value[];
/** One step. @param x its products with W; @param r its weights and what is added beside them, gate by gate */
type Cell = (g: Builder, x: readonly Value[], state: State, r: readonly Value[], rb: readonly Value[]) => State;

const times = (g: Builder, h: Value, r: Value): Value => g.MatMul(h, g.Transpose(r, { perm: [1, 0] }));

const plain: Cell = (g, [x], [h], [r], [b]) => [g.Tanh(g.Add(x, g.Add(times(g, h, r), b)))];

const lstm: Cell = (g, x, [h, c], r, b) => {
  const [pi, po, pf, pc] = x.map((v, k) => g.Add(v, g.Add(times(g, h, r[k]), b[k])));
  const inner = g.Add(g.Mul(g.Sigmoid(pf), c), g.Mul(g.Sigmoid(pi), g.Tanh(pc)));
  return [g.Mul(g.Sigmoid(po), g.Tanh(inner)), inner];
};

const gru =
  (after: boolean): Cell =>
  (g, [xz, xr, xn], [h], [rz, rr, rn], [bz, br, bn]) => {
    const z = g.Sigmoid(g.Add(xz, g.Add(times(g, h, rz), bz)));
    const reset = g.Sigmoid(g.Add(xr, g.Add(times(g, h, rr), br)));
    const kept = after ? g.Mul(reset, g.Add(times(g, h, rn), bn)) : g.Add(times(g, g.Mul(reset, h), rn), bn);
    return [g.Add(g.Mul(g.Sub(1, z), g.Tanh(g.Add(xn, kept))), g.Mul(z, h))];
  };

/** Rows of one gate each. */
const gatesOf = (g: Builder, m: Value, gates: number): Value[] =>
  g.Split(m, { axis: 0, split: Array<number>(gates).fill(m.shape[0] / gates) });

/** The part of a value that belongs to a direction. */
function way(g: Builder, v: Value, d: number): Value {
  const part = g.Slice(v, { starts: [d], ends: [d + 1], axes: [0], steps: [1] });
  return reshape(g, part, v.shape.slice(1));
}

interface Layer {
  readonly in: readonly (Value | null)[];
  readonly attrs: { readonly direction: string; readonly hidden_size: number };
}

function layer(g: Builder, { in: inputs, attrs }: Layer, gates: number, states: number, cell: Cell): Value[] {
  const [x, W, R, B, lengths, ...starts] = inputs;
  if (lengths) throw new Unsaid("sequences of several lengths");
  const [steps, batch] = x!.shape;
  const { hidden_size: units, direction } = attrs;
  const zero = (shape: number[]) => g.Expand(g.scalar(0, x!.dtype), { shape });
  const directions = Array.from({ length: W!.shape[0] }, (_, d) => {
    const [w, r] = [W!, R!].map((v) => gatesOf(g, way(g, v, d), gates));
    const bias = gatesOf(g, B ? way(g, B, d) : zero([2 * gates * units]), 2 * gates);
    let state: State = Array.from({ length: states }, (_, k) => {
      const start = starts[k];
      return start ? way(g, start, d) : zero([batch, units]);
    });
    const given: Value[] = [];
    const order = Array.from({ length: steps }, (_, t) => (direction === "reverse" || d === 1 ? steps - 1 - t : t));
    for (const t of order) {
      const here = way(g, x!, t);
      const products = w.map((m, k) => g.Add(times(g, here, m), bias[k]));
      state = cell(g, products, state, r, bias.slice(gates));
      given[t] = reshape(g, state[0], [1, 1, batch, units]);
    }
    return { y: g.Concat(given, { axis: 0 }), state };
  });
  const last = Array.from({ length: states }, (_, k) =>
    g.Concat(
      directions.map(({ state }) => reshape(g, state[k], [1, batch, units])),
      { axis: 0 },
    ),
  );
  return [
    g.Concat(
      directions.map(({ y }) => y),
      { axis: 1 },
    ),
    ...last,
  ];
}

const LSTM: Double<"LSTM"> = (g, site) => layer(g, site, 4, 2, lstm);

export const recurrentDoubles: Doubles<"GRU" | "LSTM" | "RNN"> = {
  GRU: (g, site) => layer(g, site, 3, 1, gru(site.attrs.linear_before_reset === 1)),
  LSTM,
  RNN: (g, site) => layer(g, site, 1, 1, plain),
};
