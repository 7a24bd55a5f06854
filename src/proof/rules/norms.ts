/** Norms of which every element depends on all along some axes: (x − μ) / √(σ² + ε) · γ + β, and x / √(mean x² + ε) · γ. */
import { axisOf } from "../../graph/op.ts";
import { sameShape, size } from "../../graph/tensor.ts";
import type { Node } from "../../graph/types.ts";
import { greatest } from "../need.ts";
import { perElement } from "../per-element.ts";
import { zerosMayGo } from "../sums.ts";
import type { Call, ProofRule } from "./rule.ts";

interface Axis {
  readonly axis: number;
}

/** How many axes stand before those that are normalized over. */
const before = ({ attrs, inputs: [x] }: Call<Axis>) => axisOf(attrs.axis, x!.shape.length);

/** How many elements are added up for each. */
const over = (call: Call<Axis>, x = call.inputs[0]!) => size(x.shape.slice(before(call)));

/** @param of what an element becomes, by itself and what scales and shifts it; NaN where that is not known */
function norm(of: (x: number, scale: number, shift?: number) => number): ProofRule<Axis> {
  const own = perElement<Axis>(() => of, { rounding: "none" });
  return {
    known: own.known,
    needs(call, k, need, at) {
      if (k > 0) return own.needs(call, k, need, at);
      const normalized = [...call.inputs[0]!.shape.keys()].slice(before(call));
      return zerosMayGo(greatest(need, normalized), call.known[0]);
    },
    dividesByAll(call, { inputs: [x] }, made, stood) {
      const [filled, was] = [made(x), stood(call.inputs[0])];
      if (x?.shape.length !== call.inputs[0]!.shape.length || over(call, x) !== over(call)) return false;
      return !isOther(filled) || isSame(filled, was);
    },
  };
}

/** Whether something else than zeros was put behind what is left. */
const isOther = (node: Node | undefined): node is Node =>
  node?.op === "Pad" && (node.attrs.value !== 0 || node.attrs.mode !== "constant");

/** Whether it stood there before, and put as many there. */
const isSame = (node: Node, was: Node | undefined) =>
  was?.op === node.op &&
  sameShape(node.inputs[0]!.shape, was.inputs[0]!.shape) &&
  Object.keys(node.attrs).every((key) => String(node.attrs[key]) === String(was.attrs[key]));

/** Where γ is zero, only β is left. */
export const LayerNormalization = norm((_, scale, shift = 0) => (scale === 0 ? shift : Number.NaN));
export const RMSNormalization = norm((x, scale) => (x === 0 || scale === 0 ? 0 : Number.NaN));
