/**
 * The model y = x of one element type and any shape, as bytes: reading a tensor back from a GPU takes a run of it, since
 * `getData()` of onnxruntime-node 1.30 ends the process.
 */
import { type DType, dataTypes } from "../dtype.ts";
import { wireBytes, wireNumber, wireText } from "./wire.ts";

/** The bytes of the model; its input is "x", its output "y". */
export function identity(dtype: DType): Uint8Array {
  const value = (name: string) => [
    ...wireText(1, name),
    ...wireBytes(2, wireBytes(1, wireNumber(1, dataTypes[dtype]))),
  ]; // ValueInfoProto
  const node = [...wireText(1, "x"), ...wireText(2, "y"), ...wireText(4, "Identity")];
  const graph = [
    ...wireBytes(1, node),
    ...wireText(2, "identity"),
    ...wireBytes(11, value("x")),
    ...wireBytes(12, value("y")),
  ];
  return Uint8Array.of(...wireNumber(1, 8), ...wireBytes(7, graph), ...wireBytes(8, wireNumber(2, 17))); // IR version 8, opset 17
}
