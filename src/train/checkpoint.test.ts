import { expect, test } from "vitest";
import { EspalierError } from "../error.ts";
import { f32, i64, tensor } from "../graph/tensor.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";

const state = { epoch: 3, alpha: 0.1 + 0.2, tiny: 5e-324, text: "λ" };
const bytes = await encodeCheckpoint({
  tensors: new Map([
    ["w", f32([1, -0, Number.POSITIVE_INFINITY, 1e-45], [2, 2])],
    ["pattern", tensor("uint8", [3], Uint8Array.of(1, 0, 1))],
    ["n", i64([2 ** 40])],
  ]),
  state,
});

test("tensors and state survive exactly", async () => {
  const back = await decodeCheckpoint(bytes);
  expect(back.state).toEqual(state);
  expect([...(back.tensors.get("w")!.data as Float32Array)]).toEqual([
    1,
    -0,
    Number.POSITIVE_INFINITY,
    Math.fround(1e-45),
  ]);
  expect(back.tensors.get("n")!.data).toEqual(BigInt64Array.of(2n ** 40n));
  expect(await encodeCheckpoint({ tensors: back.tensors, state: back.state })).toEqual(bytes);
});

test("a truncated checkpoint is refused, whatever its length", async () => {
  for (let n = 0; n < bytes.length; n++)
    await expect(decodeCheckpoint(bytes.subarray(0, n))).rejects.toBeInstanceOf(EspalierError);
});

test("one flipped bit anywhere is noticed", async () => {
  for (let at = 0; at < bytes.length * 8; at++) {
    const damaged = bytes.slice();
    damaged[at >> 3] ^= 1 << (at & 7);
    await expect(decodeCheckpoint(damaged), `bit ${at}`).rejects.toBeInstanceOf(EspalierError);
  }
  const damaged = bytes.slice();
  damaged[bytes.length - 30] ^= 1;
  await expect(decodeCheckpoint(damaged)).rejects.toThrow(
    /^the checkpoint is damaged: its checksum is wrong\n {2}got .*\n {2}wanted .*\n {2}fix +start afresh with overwrite$/,
  );
});
