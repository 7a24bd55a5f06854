/** Operators that go by where elements stand. */
import { opaque, plain, type ShrinkRules } from "./rule.ts";

export const selectionShrinking: ShrinkRules<"selection"> = {
  GatherND: opaque("takes or puts single elements"),
  // zeros beside what it keeps
  Trilu: { ...plain, fold: { along: () => (x: number) => (x === 0 ? 0 : Number.NaN) } },
  Range: opaque("is no channel of anything"),
};
