/** Recurrent layers over sequences [N, T, C], in one direction or both, from zeros or from a state that is computed. */
import type { Value } from "../../../src/graph/types.ts";
import { chance, pick } from "../../mutate/pick.ts";
import type { Net } from "../net.ts";
import { type NetMove, type NetMoves, sequence } from "./move.ts";

type Layer = "RNN" | "GRU" | "LSTM";
const GATES: Readonly<Record<Layer, number>> = { RNN: 1, GRU: 3, LSTM: 4 };

const layer = (op: Layer): NetMove =>
  sequence((n, x) => {
    const { g } = n;
    const width = x.shape[2];
    const units = n.between(1, 4);
    const direction = pick(n.random, ["forward", "forward", "reverse", "bidirectional"]);
    const ways = direction === "bidirectional" ? 2 : 1;
    const rows = GATES[op] * units;
    const weights = [n.weight(ways, rows, width), n.weight(ways, rows, units)];
    const bias = chance(n.random, 0.6) ? n.weight(ways, 2 * rows) : null;
    const start = chance(n.random, 0.2) ? startOf(n, x, ways, units) : null;
    const attrs = { direction, hidden_size: units, ...(op === "GRU" && { linear_before_reset: n.between(0, 1) }) };
    const inputs = [g.Transpose(x, { perm: [1, 0, 2] }), ...weights, bias, null, start];
    const [y, last] = g.emit(op, inputs, attrs);
    if (chance(n.random, 0.3)) return g.Reshape(g.Transpose(last, { perm: [1, 0, 2] }), { shape: [0, ways * units] });
    if (ways === 1) return g.Transpose(g.Squeeze(y, { axes: [1] }), { perm: [1, 0, 2] });
    return g.Reshape(g.Transpose(y, { perm: [2, 0, 1, 3] }), { shape: [0, 0, 2 * units] });
  });

/** [ways, N, units] of the mean over the steps. */
function startOf(n: Net, x: Value, ways: number, units: number): Value {
  const mean = n.g.ReduceMean(x, { axes: [1], keepdims: 0 });
  const all = n.g.MatMul(mean, n.weight(x.shape[2], ways * units));
  return n.g.Transpose(n.g.Reshape(all, { shape: [0, ways, units] }), { perm: [1, 0, 2] });
}

export const recurrentMoves = { rnn: layer("RNN"), gru: layer("GRU"), lstm: layer("LSTM") } satisfies NetMoves;
