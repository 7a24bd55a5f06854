import { expect, test } from "vitest";
import { failure } from "./failure.ts";

test.each([
  ["This is an invalid model: Sign is not implemented", 'device "cpu" has'],
  ["Name:'Conv/ConvTranspose' Status Message: Only Conv2d or Conv1d are supported.", 'device "cpu" has'],
  ["Conv3D does not support grouped convolution (group=2).", 'device "cpu" has'],
  ["Failed to get a WebGPU adapter", "install the driver"],
  ["the device was lost", "needs a GPU with its driver"],
])("%s: the remedy on a GPU", (reason, fix) => {
  expect(failure("it failed", "webgpu", new Error(reason)).fix).toContain(fix);
});
