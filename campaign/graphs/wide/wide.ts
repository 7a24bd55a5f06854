/**
 * A model in float64, where differences of its values tell slopes to many digits. Operators of which ONNX Runtime has no such kernel are
 * said by others, from ONNX's definitions and not from the rules that are tested (`wide.test.ts` holds them against the kernels that it has).
 */
import { opSiteOf } from "../../../src/graph/op-site.ts";
import type { OpName } from "../../../src/graph/ops/index.ts";
import { numbers, tensor } from "../../../src/graph/tensor.ts";
import type { Graph, Tensor, Value } from "../../../src/graph/types.ts";
import { doubles } from "./doubles.ts";
import { rebuilt } from "./rebuild.ts";

const wideTensor = (t: Tensor): Tensor =>
  t.dtype === "float32" ? tensor("float64", t.shape, Float64Array.from(numbers(t))) : t;
const wideValue = (v: Value): Value => (v.dtype === "float32" ? { ...v, dtype: "float64" } : v);

/** Every float32 as float64. */
export const widened = (graph: Graph): Graph =>
  rebuilt(graph, {
    value: wideValue,
    stored: wideTensor,
    node: (g, { op, inputs, attrs }) => {
      const changed = Object.entries(attrs).map(([key, a]): [string, typeof a] => {
        if (a === "float32") return [key, "float64"];
        return [key, a && typeof a === "object" && "dtype" in a ? wideTensor(a) : a];
      });
      return g.emit(op, inputs, Object.fromEntries(changed));
    },
  });

/** The same function by operators that have float64 kernels. */
export const withKernels = (graph: Graph): Graph =>
  rebuilt(graph, {
    node: (g, node) => {
      if (!node.inputs.some((x) => x?.dtype === "float64")) return undefined;
      const made = doubles[node.op as OpName]?.(g, opSiteOf(node));
      return made && (Array.isArray(made) ? made : [made as Value]);
    },
  });
