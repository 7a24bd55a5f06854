/** Counting along an axis whose length is left to whoever runs the model. */
import type { Builder } from "../../graph/builder.ts";
import type { Value } from "../../graph/types.ts";

/** Ones along one axis of a value, as int64; its other axes have length 1. */
function onesAlong(g: Builder, x: Value, axis: number): Value {
  const others = [...x.shape.keys()].filter((i) => i !== axis);
  const line = g.Slice(x, { starts: others.map(() => 0), ends: others.map(() => 1), axes: others });
  return g.Cast(g.Not(g.Greater(line, line)), { to: "int64" }); // true of NaN too
}

/** 0, 1, … along one axis of a value, as int64; its other axes have length 1. */
export const positionsAlong = (g: Builder, x: Value, axis: number): Value =>
  g.CumSum(onesAlong(g, x, axis), { axis, exclusive: 1 });

/** The length of an axis, as one int64 in as many axes as the value has. */
export const lengthOf = (g: Builder, x: Value, axis: number): Value =>
  g.ReduceSum(onesAlong(g, x, axis), { axes: [axis], keepdims: 1 });
