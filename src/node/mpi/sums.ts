/** Sums over ranks in a fixed order, in buckets: while one is on its way, another is added up and a third copied. */
import { EspalierError } from "../../error.ts";
import type { Communicator } from "../../train/ranks/communicator.ts";
import type { MpiLibrary } from "./library.ts";

/** Numbers of a bucket that go to each rank: few enough to lie in a processor's cache, and more than the wait for a message is worth. */
const PIECE = 2 ** 15;
/** MPI counts in 32-bit integers. */
const MOST_NUMBERS = 2 ** 31 - 1;

const bytesOf = (data: Float32Array): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Two buffers that a bucket goes through. */
interface Place {
  readonly sent: Float32Array;
  readonly received: Float32Array;
}

/** @returns adds up in place. @param bucket numbers of one */
export function rankSums(
  calls: Pick<MpiLibrary, "exchange" | "gather">,
  size: number,
  bucket = PIECE * size,
): Communicator["allreduce"] {
  const room = Math.ceil(bucket / size) * size;
  const places = Array.from(
    { length: 3 },
    (): Place => ({ sent: new Float32Array(room), received: new Float32Array(room) }),
  );
  return async (data) => {
    if (data.length > MOST_NUMBERS)
      throw new EspalierError(
        "too-large",
        "the gradients are more than can be counted",
        { got: `${data.length} numbers`, wanted: `at most ${MOST_NUMBERS}` },
        "train in one process",
      );
    const count = Math.ceil(data.length / bucket);
    const of = (i: number) => {
      const part = data.subarray(i * bucket, (i + 1) * bucket);
      const piece = Math.ceil(part.length / size);
      const { sent, received } = places[i % places.length];
      return { part, piece, from: sent.subarray(0, piece * size), into: received.subarray(0, piece * size) };
    };
    const copyIn = (i: number): void => {
      if (i >= count) return;
      const { part, from } = of(i);
      from.set(part);
      from.fill(0, part.length);
    };
    const send = async (i: number): Promise<void> => {
      if (i >= count) return;
      const { from, into, piece } = of(i);
      await calls.exchange(bytesOf(from), bytesOf(into), piece * Float32Array.BYTES_PER_ELEMENT);
    };
    const add = (i: number): void => {
      const { from, into, piece } = of(i);
      const total = from.subarray(0, piece);
      total.set(into.subarray(0, piece));
      for (let rank = 1; rank < size; rank++)
        for (let k = 0, at = rank * piece; k < piece; k++, at++) total[k] += into[at];
    };
    const collect = (i: number): Promise<void> => {
      const { from, into, piece } = of(i);
      return calls.gather(bytesOf(from.subarray(0, piece)), bytesOf(into));
    };
    const copyOut = (i: number): void => {
      if (i < 0) return;
      const { part, into } = of(i);
      part.set(into.subarray(0, part.length));
    };
    copyIn(0);
    await send(0);
    copyIn(1);
    for (let i = 0; i < count; i++) {
      const next = send(i + 1); // one call at a time; what stands beside it needs none
      add(i);
      copyOut(i - 1);
      await next;
      const collected = collect(i);
      copyIn(i + 2);
      await collected;
    }
    copyOut(count - 1);
  };
}
