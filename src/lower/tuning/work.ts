/** How long parts of a graph are expected to take, told by their shapes alone: what is worth timing, and what is not. */
import { macsOf } from "../../graph/macs.ts";
import { bytesPerElement, size } from "../../graph/tensor.ts";
import type { Graph, Node, Value } from "../../graph/types.ts";
import { producers } from "../../graph/walk.ts";
import { keyOf, type Site } from "../pattern.ts";
import { plainNodes } from "../sites.ts";

/** 10⁶ multiply–accumulates, and 10⁶ bytes, that one thread does in a millisecond: as of a processor with AVX2, which is not known here. */
const MACS = 30;
const BYTES = 12;

/** Milliseconds of a node on one thread. */
function ofNode(node: Node): number {
  const values = [...node.inputs, ...node.outputs].filter((v): v is Value => v !== null);
  const bytes = values.reduce((sum, v) => sum + size(v.shape) * bytesPerElement(v.dtype), 0);
  return macsOf(node) / MACS / 1e6 + bytes / BYTES / 1e6;
}

const ofNodes = (nodes: readonly Node[]): number => nodes.reduce((ms, node) => ms + ofNode(node), 0);

/** Milliseconds that a graph is expected to take on one thread of a usual processor: of another, perhaps a third or three times that. */
export const expectedMs = ({ nodes }: Graph): number => ofNodes(nodes);

/** Sites with one key, and what share of their graph's time they are expected to take together. */
export interface Alike {
  readonly key: string;
  readonly site: Site;
  readonly share: number;
}

/** Sites by their keys, those first that are expected to take most. */
export function alikeOf(graph: Graph, sites: readonly Site[]): Alike[] {
  const makes = producers(graph);
  const all = expectedMs(graph);
  const found = new Map<string, { site: Site; ms: number }>();
  for (const site of sites) {
    const key = keyOf(site);
    const one = found.get(key) ?? { site, ms: 0 };
    found.set(key, { site: one.site, ms: one.ms + ofNodes(plainNodes(site, makes)) });
  }
  const alike = [...found].map(([key, { site, ms }]) => ({ key, site, share: all > 0 ? ms / all : 0 }));
  return alike.toSorted((a, b) => b.share - a.share);
}
