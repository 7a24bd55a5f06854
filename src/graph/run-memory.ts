/** What one run of a network takes, told before it is run: a file of a kilobyte can ask for gigabytes. */
import { EspalierError } from "../error.ts";
import { heldBy } from "./nodes.ts";
import { bytesPerElement, size, typeText } from "./tensor.ts";
import type { Graph, Value } from "./types.ts";

/** What any network may take, and what it may take beyond that for each byte of its inputs and stored tensors. */
const ALWAYS = 2 ** 28;
const PER_BYTE = 2 ** 10;

const bytesOf = (v: Value): number => size(v.shape) * bytesPerElement(v.dtype);

/** The most bytes that a network's values take at once: each from where it is made to where it is last read. */
export function runMemory(graph: Graph): number {
  const end = new Map(graph.outputs.map((v) => [v, graph.nodes.length]));
  graph.nodes.forEach((n, at) => {
    for (const v of [...n.outputs, ...n.inputs]) if (v) end.set(v, Math.max(end.get(v) ?? 0, at));
  });
  const ending = graph.nodes.map(() => 0);
  const making = graph.nodes.map((n) => n.outputs.reduce((all, y) => all + (y ? bytesOf(y) : 0), 0));
  for (const y of graph.nodes.flatMap((n) => n.outputs))
    if (y && end.get(y)! < ending.length) ending[end.get(y)!] += bytesOf(y);
  let [now, most] = [0, 0];
  graph.nodes.forEach((_, at) => {
    now += making[at];
    most = Math.max(most, now);
    now -= ending[at];
  });
  return most;
}

/**
 * Refuses to run a network whose values take more than 256 MiB and 1 KiB for each byte of its inputs and stored tensors.
 * @throws EspalierError when they do
 */
export function checkRunMemory(graph: Graph): void {
  const constants = graph.nodes.filter(heldBy).flatMap((n) => n.outputs);
  const given = [...graph.inputs, ...graph.initializers.keys(), ...constants];
  const held = given.reduce((all, v) => all + (v ? bytesOf(v) : 0), 0);
  const most = ALWAYS + PER_BYTE * held;
  const got = runMemory(graph);
  if (got <= most) return;
  const values = graph.nodes.flatMap((node) => node.outputs.flatMap((y) => (y ? [{ node, y }] : [])));
  const { node, y } = values.reduce((a, b) => (bytesOf(b.y) > bytesOf(a.y) ? b : a));
  throw new EspalierError(
    "too-large",
    "the model takes too much memory to be run",
    {
      node: `${node.op} "${node.name}"`,
      makes: typeText(y),
      got: mebibytes(got),
      wanted: `at most ${mebibytes(most)}: 1 KiB for each byte of what is given and stored, and 256 MiB`,
    },
    "check the dimensions and attributes in the model, or give smaller inputs",
  );
}

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
