/** Damaged and odd ONNX files: refused, or read; what is read can be written, and what is written reads back equal. */
import { read, write } from "espalier";
import { mutatedModel } from "../mutate/onnx.ts";
import { type Suite, WrongResult } from "../suite.ts";

const firstDifference = (a: Uint8Array, b: Uint8Array): number => a.findIndex((x, i) => x !== b[i]);

export const fuzzRead: Suite = {
  name: "fuzz-read",
  about: "mutated ONNX files: read, write, read again",
  share: 4,
  async run({ random, keep }) {
    const bytes = mutatedModel(random);
    keep("model.onnx", bytes);
    const model = read(bytes);
    const written = await must("write what was read", () => write(model));
    const again = await must("read what was written", () => write(read(written)));
    if (again.length !== written.length || firstDifference(again, written) >= 0)
      throw new WrongResult(
        `written again, it differs from byte ${firstDifference(again, written)} of ${written.length}`,
      );
    return "read";
  },
};

/** What must work, since what came before did. */
async function must<T>(what: string, work: () => T): Promise<T> {
  try {
    return work();
  } catch (e) {
    throw e instanceof Error && e.name === "EspalierError" ? new WrongResult(`cannot ${what}: ${e.message}`) : e;
  }
}
