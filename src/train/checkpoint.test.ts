import { expect, test } from "vitest";
import { EspalierError } from "../error.ts";
import { f32, i64, tensor } from "../graph/tensor.ts";
import { Random } from "../random.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";

const state = { epoch: 3, alpha: 0.1 + 0.2, tiny: 5e-324, text: "λ" };
const bytes = encodeCheckpoint({
  tensors: new Map([
    ["w", f32([1, -0, Number.POSITIVE_INFINITY, 1e-45], [2, 2])],
    ["pattern", tensor("uint8", [3], Uint8Array.of(1, 0, 1))],
    ["n", i64([2 ** 40])],
  ]),
  state,
});

test("tensors and state survive exactly", () => {
  const back = decodeCheckpoint(bytes);
  expect(back.state).toEqual(state);
  expect([...(back.tensors.get("w")!.data as Float32Array)]).toEqual([
    1,
    -0,
    Number.POSITIVE_INFINITY,
    Math.fround(1e-45),
  ]);
  expect(back.tensors.get("n")!.data).toEqual(BigInt64Array.of(2n ** 40n));
  expect(encodeCheckpoint({ tensors: back.tensors, state: back.state })).toEqual(bytes);
});

test("a truncated checkpoint is refused, whatever its length", () => {
  for (let n = 0; n < bytes.length; n++) expect(() => decodeCheckpoint(bytes.subarray(0, n))).toThrow(EspalierError);
});

test("a flipped bit never crashes", () => {
  const random = new Random(1, "verify");
  for (let i = 0; i < 500; i++) {
    const damaged = bytes.slice();
    damaged[random.int(damaged.length)] ^= 1 << random.int(8);
    try {
      decodeCheckpoint(damaged);
    } catch (e) {
      expect(e).toBeInstanceOf(EspalierError);
    }
  }
});
