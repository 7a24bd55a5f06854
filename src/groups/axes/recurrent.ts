/** Recurrent layers: a unit is a row of every gate in W, R and B, a column of R, and an index of the states and outputs. */
import type { Value } from "../../graph/types.ts";
import { type AxesRules, type Flow, indexPairs, inputEnd, outputEnd, type Tie, tie, type Weight } from "./rule.ts";

interface Layer {
  readonly in: readonly [Value, Value, Value, ...(Value | null)[]];
  readonly out: readonly (Value | null)[];
  readonly attrs: { readonly layout: number };
}

/** X, W, R, B, sequence_lens, initial_h, initial_c, P. */
const [X, W, R, B, H0, C0, P] = [0, 1, 2, 3, 5, 6, 7];
const why = "carries this axis from step to step";

/** So many times the units, gate after gate, as the units. */
const everyGate = (rows: number, units: number) =>
  indexPairs(
    rows,
    (k) => k,
    (k) => k % units,
  );

/** What reads channels of X and of the state before, by rows of gates. */
function weights({ in: [, w, r] }: Layer, gates: number, made: Weight["made"]): Pick<Flow, "weight" | "further"> {
  const [ways, , width] = w.shape;
  const units = r.shape[2];
  const of = (at: number, data: Weight["data"], inner: number): Weight => {
    return { data, made, at, view: [ways, gates, units, inner], reads: [3], makes: [2], carried: false };
  };
  return { weight: of(W, inputEnd(X, 2), width), further: [of(R, inputEnd(R, 2), units)] };
}

/** The units at every place that has them. @param ends of the outputs that somebody reads */
function unitTies({ in: inputs }: Layer, ends: readonly Tie["b"][]): Tie[] {
  const units = inputs[2].shape[2];
  const rows = [W, R, B, P].flatMap((at) => (inputs[at] ? [{ at, own: everyGate(inputs[at]!.shape[1], units) }] : []));
  const states = [H0, C0].filter((at) => inputs[at]);
  const own = inputEnd(R, 2);
  const columns = indexPairs(
    units,
    (k) => k,
    (k) => k,
  );
  return [
    ...ends.flatMap((end) => [
      ...rows.map(({ at, own }) => tie(inputEnd(at, 1), end, own)),
      ...states.map((at) => tie(inputEnd(at, 2), end)),
    ]),
    tie(own, inputEnd(R, 1), columns),
    tie(own, own),
  ];
}

const layer =
  (gates: number) =>
  (site: Layer): Flow => {
    const { layout } = site.attrs;
    const outputs = site.out.flatMap((o, at) =>
      o ? [{ at, units: o.shape.length - 1, batch: layout ? 0 : o.shape.length - 2 }] : [],
    );
    const batches = outputs.map(({ at, batch }) => tie(inputEnd(X, layout ? 0 : 1), outputEnd(batch, at)));
    if (outputs.length === 0) return { why, ties: batches };
    const ends = outputs.map(({ at, units }) => outputEnd(units, at));
    const ties = [...batches, ...unitTies(site, ends), tie(inputEnd(W, 2), inputEnd(X, 2))];
    return { why, ties, ...weights(site, gates, ends[0]) };
  };

export const recurrentAxes: AxesRules<"recurrent"> = { GRU: layer(3), LSTM: layer(4), RNN: layer(1) };
