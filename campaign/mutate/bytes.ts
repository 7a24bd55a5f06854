/** Changes to bytes of any format. */
import type { Random } from "../../src/math/random.ts";
import { chance, pick } from "./pick.ts";

type Change = (random: Random, bytes: Uint8Array) => Uint8Array;

const spliced = (bytes: Uint8Array, from: number, to: number, between: Uint8Array): Uint8Array => {
  const out = new Uint8Array(bytes.length - (to - from) + between.length);
  out.set(bytes.subarray(0, from));
  out.set(between, from);
  out.set(bytes.subarray(to), from + between.length);
  return out;
};
const at = (random: Random, bytes: Uint8Array): number => random.int(bytes.length + 1);
/** Mostly short. */
const length = (random: Random): number => 1 + random.int(chance(random, 0.8) ? 8 : 400);

const changes: readonly Change[] = [
  (random, bytes) => bytes.map((b) => (chance(random, 2 / bytes.length) ? b ^ (1 << random.int(8)) : b)),
  (random, bytes) => {
    const [i, value] = [at(random, bytes), pick(random, [0, 1, 0x7f, 0x80, 0xff])];
    return bytes.map((b, k) => (k === i ? value : b));
  },
  (random, bytes) => {
    const [i, n] = [at(random, bytes), pick(random, [2, 4, 8])]; // a length, an offset, a dimension
    const big = Uint8Array.from({ length: n }, () => pick(random, [0, 0, 1, 0x7f, 0x80, 0xff]));
    return spliced(bytes, Math.min(i, bytes.length), Math.min(i + n, bytes.length), big);
  },
  (random, bytes) => bytes.subarray(0, at(random, bytes)),
  (random, bytes) => bytes.subarray(at(random, bytes)),
  (random, bytes) => {
    const i = at(random, bytes);
    return spliced(bytes, i, Math.min(bytes.length, i + length(random)), new Uint8Array());
  },
  (random, bytes) => {
    const [i, k] = [at(random, bytes), at(random, bytes)];
    return spliced(bytes, i, i, bytes.slice(k, k + length(random)));
  },
  (random, bytes) => {
    const i = at(random, bytes);
    return spliced(
      bytes,
      i,
      i,
      Uint8Array.from({ length: length(random) }, () => random.int(256)),
    );
  },
];

/** The bytes with one to three changes. */
export function mutatedBytes(random: Random, bytes: Uint8Array): Uint8Array {
  let out = bytes;
  for (let n = 1 + random.int(3); n > 0; n--) out = pick(random, changes)(random, out);
  return out;
}
