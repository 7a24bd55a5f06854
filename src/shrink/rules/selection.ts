/** Operators that go by where elements stand. */
import { opaque, plain, type ShrinkRules } from "./rule.ts";

export const selectionShrinking: ShrinkRules<"selection"> = {
  // channels lie on axes that it takes whole
  GatherND: { ...plain, fold: { along: () => (x: number) => x, from: [0] } },
  // zeros beside what it keeps
  Trilu: { ...plain, fold: { along: () => (x: number) => (x === 0 ? 0 : Number.NaN) } },
  Range: opaque("is no channel of anything"),
};
