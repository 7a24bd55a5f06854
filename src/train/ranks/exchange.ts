/** What ranks give each other in the middle of a step, for batch norm over the samples of all. */
import { f32 } from "../../graph/tensor.ts";
import type { Tensor } from "../../graph/types.ts";
import type { Exchange } from "../../step/exchange.ts";
import type { Communicator } from "./communicator.ts";

/** How many samples of the batch each rank has. */
type Samples = readonly number[];

/** How one kind travels and what is made of it. */
interface Way {
  /** Numbers of the message, all ranks' together; and where a rank's own stand. */
  readonly place: (of: Exchange, ranks: number, rank: number) => { readonly size: number; readonly from: number };
  /** What all have, in the order of `gives`, in float64 until the end. */
  readonly combine: (all: Float32Array, of: Exchange, samples: Samples) => readonly Float32Array[];
}

const WAYS: Readonly<Record<Exchange["kind"], Way>> = {
  /** Every rank's own stand side by side: a sum of squares about a common point would cancel where the mean is large. */
  moments: {
    place: ({ channels }, ranks, rank) => ({ size: 2 * channels * ranks, from: 2 * channels * rank }),
    combine(all, { channels, perSample }, samples) {
      const values = samples.map((n) => n * perSample);
      const total = values.reduce((sum, n) => sum + n, 0);
      const [mean, variance, unbiased] = [0, 1, 2].map(() => new Float32Array(channels));
      for (let c = 0; c < channels; c++) {
        const own = (rank: number, what: 0 | 1) => all[(2 * rank + what) * channels + c];
        const m = values.reduce((sum, n, r) => sum + n * own(r, 0), 0) / total;
        const squares = values.reduce((sum, n, r) => sum + own(r, 1) + n * (own(r, 0) - m) ** 2, 0);
        mean[c] = m;
        variance[c] = squares / total;
        unbiased[c] = squares / (total - 1);
      }
      return [mean, variance, unbiased];
    },
  },
  sums: {
    place: ({ channels }) => ({ size: 2 * channels, from: 0 }),
    combine(all, { channels, perSample }, samples) {
      const total = samples.reduce((sum, n) => sum + n * perSample, 0);
      const means = all.map((sum) => sum / total);
      return [means.subarray(0, channels), means.subarray(channels)];
    },
  },
};

/**
 * One message for all exchanges that are due.
 * @param own what this rank has, by output; nothing where it has no samples
 * @returns what all have, as inputs of the programs that follow
 */
export async function exchange(
  communicator: Communicator,
  due: readonly Exchange[],
  own: Readonly<Record<string, Float32Array>>,
  samples: Samples,
): Promise<Record<string, Tensor>> {
  const { rank, size } = communicator;
  const places = due.map((of) => WAYS[of.kind].place(of, size, rank));
  const message = new Float32Array(places.reduce((sum, p) => sum + p.size, 0));
  const starts: number[] = [];
  let at = 0;
  for (const [i, place] of places.entries()) {
    starts.push(at);
    const mine = own[due[i].own];
    if (mine) message.set(mine, at + place.from);
    at += place.size;
  }
  await communicator.allreduce(message);
  return Object.fromEntries(
    due.flatMap((of, i) => {
      const all = message.subarray(starts[i], starts[i] + places[i].size);
      return WAYS[of.kind].combine(all, of, samples).map((data, k) => [of.gives[k], f32(data, [of.channels])]);
    }),
  );
}
