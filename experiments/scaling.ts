/**
 * What a step in n ranks would take, by the α–β model: a message of b bytes takes α + b/β. Summing sends two rounds of n − 1 messages of
 * b/n bytes from each rank (MPI_Alltoall, then MPI_Allgather), in buckets of which each rank gets 128 KiB, and the backward pass waits.
 */
import { markdown, median, percent } from "espalier";
import type { Section } from "./sections.ts";

/** A network: seconds before a message's first byte, and bytes a second. */
export interface Link {
  readonly latency: number;
  readonly bandwidth: number;
}

/** What bench/ranks.ts measures of a model, or of messages. */
export type RanksRow =
  | {
      readonly kind: "step";
      readonly model: string;
      /** That a step adds up over the ranks. */
      readonly bytes: number;
      /** Milliseconds per step in one process, and in two ranks. */
      readonly rounds: readonly { readonly one: number; readonly two: number }[];
      readonly ratio: number;
      readonly othersCores: number;
    }
  | { readonly kind: "messages"; readonly ranks: number; readonly messages: readonly Message[] };

interface Message {
  readonly bytes: number;
  readonly ms: number;
}

/** Bytes of a bucket that go to each rank, as src/node/mpi/sums.ts has it. */
const PIECE = 2 ** 17;

/** Seconds of a sum of so many bytes over n ranks. */
export const sumSeconds = (bytes: number, n: number, { latency, bandwidth }: Link): number =>
  n === 1 ? 0 : 2 * (n - 1) * (Math.ceil(bytes / n / PIECE) * latency + bytes / n / bandwidth);

/** The share of a step that does not wait for the network, where each rank's samples take `seconds`. */
export const efficiency = (seconds: number, bytes: number, n: number, link: Link): number =>
  seconds / (seconds + sumSeconds(bytes, n, link));

/** Of what sums over two ranks took, each two messages of half the bytes: α by the smallest, β by what the largest takes more. */
export function linkOf(messages: readonly Message[]): Link {
  const points = messages.map(({ bytes, ms }) => ({ x: bytes / 2, y: ms / 2000 }));
  const [least, most] = [points[0], points.at(-1)!];
  return { latency: least.y, bandwidth: (most.x - least.x) / (most.y - least.y) };
}

const RANKS = [2, 8, 32, 128, 1024];
const NETWORKS = [
  { name: "10 Gbit/s, 30 µs", link: { latency: 30e-6, bandwidth: 1.25e9 } },
  { name: "100 Gbit/s, 5 µs", link: { latency: 5e-6, bandwidth: 12.5e9 } },
];
const PREDICTED = ["vgg19", "resnet50"];

/** The section of docs/results.md. */
export const ranksSection: Section<RanksRow> = {
  path: "bench/results/ranks.json",
  command: "node dist/bench/ranks.js",
  title: () => "One run in several processes (`train --mpi`)",
  table({ rows }) {
    const steps = rows.flatMap((row) => (row.kind === "step" ? [row] : []));
    const ms = (of: readonly number[]) => `${median([...of]).toFixed(1)} ms`;
    return markdown({
      head: ["model", "one process, 2 threads", "2 ranks, 1 thread each", "ratio", "bytes summed a step"],
      text: [0],
      rows: steps.map(({ model, bytes, rounds, ratio }) => [
        model,
        ms(rounds.map(({ one }) => one)),
        ms(rounds.map(({ two }) => two)),
        ratio.toFixed(2),
        `${(bytes / 1e6).toFixed(1)} MB`,
      ]),
    });
  },
  notes({ rows, settings }) {
    const messages = rows.flatMap((row) => (row.kind === "messages" ? row.messages : []));
    const here = linkOf(messages);
    const steps = rows.flatMap((row) => (row.kind === "step" && PREDICTED.includes(row.model) ? [row] : []));
    const predicted = markdown({
      head: ["model", "network", ...RANKS.map((n) => `${n} ranks`)],
      text: [0, 1],
      rows: steps.flatMap(({ model, bytes, rounds }) =>
        NETWORKS.map(({ name, link }) => [
          model,
          name,
          ...RANKS.map((n) => percent(efficiency(median(rounds.map(({ one }) => one)) / 1000, bytes, n, link), 0)),
        ]),
      ),
    });
    return [
      `SGD, batches of ${settings["batch"]} in all, by turns; gradients and running statistics are summed in float32 in the order of the ranks. A message between these two ranks takes α + b/β with α = ${(here.latency * 1e6).toFixed(0)} µs and β = ${(here.bandwidth / 1e9).toFixed(2)} GB/s, the copies and the additions among it, through shared memory.`,
      `What that comes to elsewhere is computed, not measured: the share of a step that does not wait for the network. Assumed: each rank is a machine such as this one with ${settings["batch"]} samples of its own, in the time of one process above; α and β as named; a sum of k buckets takes 2(n − 1)(kα + b/(nβ)); the backward pass does not go on meanwhile, no link is shared, no rank is slower than others.`,
      predicted,
    ];
  },
};
