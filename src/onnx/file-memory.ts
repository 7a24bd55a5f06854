/** Memory for files that a runtime loads one after the other. */
import type { Model } from "../graph/types.ts";
import { writeModel } from "./write.ts";

/** So much more than the first file takes, as a share of it: the next ones hold the same weights and may name some more values. */
const SPARE = 1 / 64;

/**
 * Writes every file where the last one stood: hundreds of megabytes that the system has to find and to clear take longer than the writing.
 * What `write` returned is another file after the next call.
 */
export class FileMemory {
  private memory = new Uint8Array(0);

  readonly write = (model: Model): Uint8Array =>
    writeModel(model, (length) => {
      if (this.memory.length < length) this.memory = new Uint8Array(Math.ceil(length * (1 + SPARE)));
      return this.memory.subarray(0, length);
    });
}
