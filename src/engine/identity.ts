/**
 * The model y = x of one element type and any shape, as bytes: reading a tensor back from a GPU takes a run of it, since
 * `getData()` of onnxruntime-node 1.30 ends the process. Written by hand: engines know nothing of graphs and of files.
 */
import { type DType, dataTypes } from "../dtype.ts";

const bytes = (field: number, content: readonly number[]): number[] => [(field << 3) | 2, content.length, ...content];
const text = (field: number, name: string): number[] =>
  bytes(
    field,
    [...name].map((c) => c.charCodeAt(0)),
  );
const number = (field: number, n: number): number[] => [field << 3, n];

/** The bytes of the model; its input is "x", its output "y". */
export function identity(dtype: DType): Uint8Array {
  const value = (name: string) => [...text(1, name), ...bytes(2, bytes(1, number(1, dataTypes[dtype])))]; // ValueInfoProto
  const node = [...text(1, "x"), ...text(2, "y"), ...text(4, "Identity")];
  const graph = [...bytes(1, node), ...text(2, "identity"), ...bytes(11, value("x")), ...bytes(12, value("y"))];
  return Uint8Array.of(...number(1, 8), ...bytes(7, graph), ...bytes(8, number(2, 17))); // IR version 8, opset 17
}
