/**
 * What exporters say of stored tensors. torch.onnx with dynamo writes into the metadata of their declarations what torch.export
 * knows: a parameter, a buffer, a constant of the code.
 */
import type { Marks } from "../graph/roles.ts";
import type { Model } from "../graph/types.ts";
import { restOf } from "./rest.ts";

const KIND = "pkg.torch.export.graph_signature.InputSpec.kind";
const LEARNS: Readonly<Record<string, boolean>> = { PARAMETER: true, BUFFER: false, CONSTANT_TENSOR: false };

/** The marks of a model's file, by name; none of a model that was not read. */
export function marksOf(model: Model): Marks {
  const marks = new Map<string, boolean>();
  for (const [name, { metadata_props = [] }] of restOf(model)?.values ?? []) {
    const kind = metadata_props.find(({ key }) => key === KIND)?.value ?? "";
    if (Object.hasOwn(LEARNS, kind)) marks.set(name, LEARNS[kind]);
  }
  return marks;
}
