/** Inputs to try a model on. */
import { axesOfInput, batchSymbol, type Sizes } from "../graph/bind.ts";
import { arrayOf, size, tensor } from "../graph/tensor.ts";
import type { Data, Dim, Model, Tensor, Value } from "../graph/types.ts";
import type { Random } from "../math/random.ts";

/**
 * Random inputs at a batch size: floats standard normal, bytes anywhere, other integers 0 or 1 (they may be indices).
 * @param others free sizes beside the batch, by symbol; default: those of the model's graph
 */
export function randomInputs(model: Model, batch: number, random: Random, others: Sizes = {}): Record<string, Tensor> {
  const symbol = batchSymbol(model);
  const lengthOf = (d: Dim, own: number) => (d === symbol ? batch : typeof d === "string" ? (others[d] ?? own) : d);
  const draw = (v: Value): number | bigint => {
    if (v.dtype === "uint8") return random.int(256);
    if (v.dtype === "int64" || v.dtype === "uint64") return BigInt(random.int(2));
    if (v.dtype === "float16") return 0x3800 + random.int(0x400) + (random.int(2) << 15); // ±[0.5, 1)
    if (v.dtype === "bfloat16") return 0x3f00 + random.int(0x80) + (random.int(2) << 15);
    return v.dtype.startsWith("float") ? random.normal() : random.int(2);
  };
  return Object.fromEntries(
    model.graph.inputs.map((v) => {
      const shape = axesOfInput(model, v).map((d, i) => lengthOf(d, v.shape[i]));
      const data = new (arrayOf(v.dtype) as new (n: number) => Data)(size(shape));
      for (let i = 0; i < data.length; i++) data[i] = draw(v) as never;
      return [v.name, tensor(v.dtype, shape, data)];
    }),
  );
}
