/** A model with other numbers in its stored tensors. */
import { EspalierError, UsageError } from "../error.ts";
import { aModel, anObject, kindOf, wants } from "../given.ts";
import { sameShape, size } from "../graph/tensor.ts";
import type { Model, Tensor, Value } from "../graph/types.ts";
import { didYouMean } from "../nearest.ts";
import { withTensors } from "../step/parameters.ts";

/** Numbers of a stored tensor: in its order, flat, or as a tensor whose shape is checked too. */
export type GivenWeights = ArrayLike<number> | Pick<Tensor, "shape" | "data">;

/**
 * The model with other numbers in some of its stored tensors; what is not named stays.
 * ```ts
 * const again = withWeights(model, { "fc1.weight": weights, "fc1.bias": new Float32Array(512) });
 * ```
 * @param arrays by the names of the tensors; as many numbers as a tensor has, row after row. They take its element type.
 * @throws UsageError naming the nearest tensor for a name that the model has not; EspalierError for another shape or number of
 *   elements, for what is no number, and for tensors other than floats
 */
export function withWeights(model: Model, arrays: Readonly<Record<string, GivenWeights>>): Model {
  wants("withWeights", ["model", aModel, model], ["arrays", anObject, arrays]);
  const stored = new Map([...model.graph.initializers].map(([v, t]) => [v.name, { v, t }]));
  const tensors = Object.entries(arrays).map(([name, given]): [string, Tensor] => {
    const found = stored.get(name);
    if (!found) {
      const names = [...stored.keys()];
      throw new UsageError(
        "unknown-name",
        "the model stores no tensor of this name",
        { got: name },
        didYouMean(name, names),
      );
    }
    return [name, replaced(found.v, found.t, given)];
  });
  return { ...model, graph: withTensors(model.graph, new Map(tensors)) };
}

function replaced(of: Value, { dtype, shape }: Tensor, given: GivenWeights): Tensor {
  const mismatch = (got: string, wanted: string) =>
    new EspalierError("mismatch", "an array does not fit the tensor that it is for", { tensor: of.name, got, wanted });
  const isTensor = typeof given === "object" && given !== null && "data" in given;
  if (isTensor && !sameShape(given.shape, shape)) throw mismatch(`[${given.shape}]`, `[${shape}]`);
  const numbers = isTensor ? given.data : given;
  if (typeof numbers?.length !== "number" || typeof numbers === "string")
    throw mismatch(kindOf(numbers), "an array of numbers");
  if (numbers.length !== size(shape)) throw mismatch(`${numbers.length} numbers`, `${size(shape)}, as [${shape}] has`);
  if (dtype !== "float32")
    throw new EspalierError(
      "unsupported",
      "only float32 tensors take other numbers",
      { tensor: of.name, got: dtype },
      "read the model with precision float32",
    );
  const data = Float32Array.from({ length: numbers.length }, (_, i) => {
    const x = numbers[i];
    if (typeof x === "number" && Number.isFinite(x)) return x;
    throw mismatch(`${kindOf(x)} at place ${i + 1}`, "finite numbers");
  });
  return { dtype, shape, data };
}
