/**
 * What a step in n ranks would take, by the α–β model: a message of b bytes takes α + b/β. Summing sends two rounds of n − 1 messages of
 * b/n bytes from each rank (MPI_Alltoall, then MPI_Allgather).
 */
import { size } from "../src/graph/tensor.ts";
import { builtIns } from "../src/models/index.ts";
import { parameters } from "../src/step/parameters.ts";

/** A network: seconds before a message's first byte, and bytes a second. */
export interface Link {
  readonly latency: number;
  readonly bandwidth: number;
}

/** Bytes that a step of a built-in model adds up: gradients and running statistics, in float32. */
export function gradientBytes(model: string): number {
  const { trained, running } = parameters(builtIns.get(model)!({ seed: 1 }).graph);
  return 4 * [...trained, ...running].reduce((sum, { shape }) => sum + size(shape), 0);
}

/** Seconds of a sum of so many bytes over n ranks. */
export const sumSeconds = (bytes: number, n: number, { latency, bandwidth }: Link): number =>
  n === 1 ? 0 : 2 * (n - 1) * (latency + bytes / n / bandwidth);

/** The share of a step that is not waiting for the network, where each rank's samples take `seconds` and nothing overlaps. */
export const efficiency = (seconds: number, bytes: number, n: number, link: Link): number =>
  seconds / (seconds + sumSeconds(bytes, n, link));

/** Of what sums over two ranks took, each two messages of half the bytes: α by the smallest, β by what the largest takes more. */
export function linkOf(messages: readonly { readonly bytes: number; readonly ms: number }[]): Link {
  const points = messages.map(({ bytes, ms }) => ({ x: bytes / 2, y: ms / 2000 }));
  const [least, most] = [points[0], points.at(-1)!];
  return { latency: least.y, bandwidth: (most.x - least.x) / (most.y - least.y) };
}
