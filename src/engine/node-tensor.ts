/** A tensor of the engine of Node.js: in host memory, in a buffer of the GPU, or nowhere once it was disposed of. */
import type { Tensor } from "onnxruntime-node";
import type { Data, DType } from "../dtype.ts";
import { EspalierError } from "../error.ts";
import type { DeviceTensor } from "./engine.ts";

export class NodeTensor implements DeviceTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** The engine that made it. */
  readonly owner: object;
  private held: Tensor | undefined;

  constructor(owner: object, held: Tensor, dtype: DType) {
    this.owner = owner;
    this.held = held;
    this.dtype = dtype;
    this.shape = held.dims;
  }

  /** @throws EspalierError when it was disposed of */
  get tensor(): Tensor {
    if (this.held) return this.held;
    throw new EspalierError(
      "misuse",
      "a tensor is used that was disposed of",
      { got: `${this.dtype}[${this.shape.join(",")}]` },
      "dispose of a tensor after the last run and download that reads it",
    );
  }

  /** Holds something else from now on. */
  replace(next: Tensor): void {
    if (this.held === next) return;
    this.dispose();
    this.held = next;
  }

  dispose(): void {
    this.held?.dispose();
    this.held = undefined;
  }
}

/** Float16Array, where the platform has one, is the runtime's choice; Espalier's is its bits. */
export function bits(data: Tensor["data"]): Data {
  const numeric = data as Data;
  if (numeric.constructor.name !== "Float16Array") return numeric;
  return new Uint16Array(numeric.buffer, numeric.byteOffset, numeric.length);
}
