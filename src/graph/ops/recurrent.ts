/** Recurrent networks: one layer over a sequence, in one direction or both. */
import {
  checkShape,
  type FullAttrs,
  flag,
  float,
  floats,
  int,
  multi,
  oneOf,
  reject,
  strings,
  type Type,
} from "../op.ts";

const settings = {
  activations: strings(),
  activation_alpha: floats(),
  activation_beta: floats(),
  clip: float(),
  direction: oneOf("forward", "reverse", "bidirectional"),
  hidden_size: int(),
  /** 0: X [sequence, batch, in]; 1: X [batch, sequence, in]. */
  layout: flag(0),
};
type Settings = FullAttrs<typeof settings>;

/** The width of the state is that of R, whether it is stated or not. */
const withSize = <A extends Settings>([, , r]: readonly Type[], a: A): A => ({
  ...a,
  hidden_size: a.hidden_size ?? r.shape[2],
});

/** How many directions a layer has. */
const directionsOf = ({ direction }: { readonly direction: string }): number => (direction === "bidirectional" ? 2 : 1);

/** Y, Y_h and, with a cell's state, Y_c. @param gates how many rows W and R have for each unit */
function sequence(x: readonly Type[], a: Settings, gates: number, states: 1 | 2): Type[] {
  const [input, w, r, b, lengths, ...more] = x;
  if (input.shape.length !== 3) reject("the input is no sequence of vectors", `[${input.shape}]`, "three axes");
  const [first, second, width] = input.shape;
  const [length, batch] = a.layout ? [second, first] : [first, second];
  const [directions, size] = [directionsOf(a), a.hidden_size];
  checkShape("W", w, [directions, gates * size, width]);
  checkShape("R", r, [directions, gates * size, size]);
  if (b) checkShape("B", b, [directions, 2 * gates * size]);
  if (lengths) checkShape("sequence_lens", lengths, [batch]);
  const state = a.layout ? [batch, directions, size] : [directions, batch, size];
  for (const start of more.slice(0, states)) if (start) checkShape("an initial state", start, state);
  const peepholes = more[states];
  if (peepholes) checkShape("P", peepholes, [directions, 3 * size]);
  const all = a.layout ? [batch, length, directions, size] : [length, directions, batch, size];
  const { dtype } = input;
  return [all, ...Array.from({ length: states }, () => state)].map((shape) => ({ dtype, shape }));
}

const learns = [1, 2, 3];

export const recurrentOps = {
  /** X, W, R, B, sequence_lens, initial_h; gates z, r, h. */
  GRU: multi(6, { ...settings, linear_before_reset: flag(0) }, (x, a) => sequence(x, a, 3, 1), {
    required: 3,
    complete: withSize,
    learns,
  }),
  /** X, W, R, B, sequence_lens, initial_h, initial_c, P; gates i, o, f, c. */
  LSTM: multi(8, { ...settings, input_forget: flag(0) }, (x, a) => sequence(x, a, 4, 2), {
    required: 3,
    complete: withSize,
    learns: [...learns, 7],
  }),
  /** X, W, R, B, sequence_lens, initial_h. */
  RNN: multi(6, settings, (x, a) => sequence(x, a, 1, 1), { required: 3, complete: withSize, learns }),
};
