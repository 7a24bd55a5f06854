/**
 * Files that Espalier wrote: what stands in them once is one tensor, and what stands twice is two, since whatever an exporter made of
 * them was decided when they were first read. Where a reader might decide otherwise, the file says so in its metadata.
 */
import type { Graph, Tensor } from "../graph/types.ts";
import { consumers } from "../graph/walk.ts";
import { isPrecision } from "./precision/stored-precision.ts";
import type { WireMessage } from "./schema.ts";

type Property = WireMessage<"StringStringEntryProto">;

const DECIDED: Property = { key: "espalier.tensors", value: "as stored" };

/** Whether a file's tensors are as they are stored. */
export const isDecided = (properties: readonly Property[]): boolean =>
  properties.some(({ key, value }) => key === DECIDED.key && value === DECIDED.value);

/** Metadata of a file, but for what is said here. */
export const otherProperties = (properties: readonly Property[]): readonly Property[] =>
  properties.filter((p) => p.key !== DECIDED.key && !isPrecision(p));

/** What the metadata of a graph's file has to say: nothing, where every tensor is read once and like no other. */
export function decidedProperties(graph: Graph): readonly Property[] {
  const readers = consumers(graph);
  const shared = [...graph.initializers.keys()].some((v) => (readers.get(v)?.length ?? 0) > 1);
  return shared || hasTwins([...graph.initializers.values()]) ? [DECIDED] : [];
}

/** Smaller tensors are alike by accident. */
const LEAST = 64;

/** Whether two tensors may hold the same numbers, perhaps in another order. */
function hasTwins(tensors: readonly Tensor[]): boolean {
  const seen = new Map<number, Float32Array[]>();
  for (const { dtype, data } of tensors) {
    if (dtype !== "float32" || data.length < LEAST) continue;
    const alike = seen.get(data.length);
    if (alike) alike.push(data as Float32Array);
    else seen.set(data.length, [data as Float32Array]);
  }
  return [...seen.values()].some((alike) => alike.length > 1 && new Set(alike.map(sumOfBits)).size < alike.length);
}

/** The sum of a tensor's bits as whole numbers, in whatever order they stand. */
function sumOfBits({ buffer, byteOffset, length }: Float32Array): number {
  const bits = new Uint32Array(buffer, byteOffset, length);
  let sum = 0;
  for (let i = 0; i < bits.length; i++) {
    sum += bits[i];
    if (sum >= Number.MAX_SAFE_INTEGER) sum -= Number.MAX_SAFE_INTEGER;
  }
  return sum;
}
