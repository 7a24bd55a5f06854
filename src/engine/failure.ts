/** What a runtime threw, in Espalier's words: one line of its own, and what helps. */
import { EspalierError } from "../error.ts";

const CHECK = "check the model with onnx.checker.check_model(…, full_check=True)";

/** What is found in a reason, and what to do then. The first that fits counts. */
const remedies: readonly (readonly [RegExp, string])[] = [
  [
    /allocate|exceeds the supported maximum|overflow/i,
    "the model asks for more memory than there is: use a smaller batch, or check its dimensions",
  ],
  [/Unsupported data type/i, "cast the model's inputs and outputs to float32: this runtime passes no bfloat16"],
  [/WebGPU adapter/i, 'install the driver of a GPU that Vulkan, Metal or Direct3D 12 knows, or use device "cpu"'],
];

const NO_KERNEL = /not (?:supported|implemented)|does not support|only .* (?:is|are) supported/i;

/** @param what what was being done */
export function failure(what: string, device: string, error: unknown): EspalierError {
  const reason = (error as Error).message.replaceAll(/\s+/g, " ").trim();
  const known = remedies.find(([pattern]) => pattern.test(reason))?.[1];
  const elsewhere = NO_KERNEL.test(reason)
    ? 'this device has no kernel for the operator; device "cpu" has'
    : `"${device}" needs a GPU with its driver and libraries; device "cpu" runs everywhere`;
  return new EspalierError("runtime", what, { device, reason }, known ?? (device === "cpu" ? CHECK : elsewhere));
}
