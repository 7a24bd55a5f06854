/** The Node.js half of Espalier: the engine, data sets on disk, run directories. */

export { datasets, type Info, type Listing } from "./data/datasets.ts";
export { type Device, type NodeOptions, node } from "./engine/node.ts";
export { directory } from "./train/directory.ts";
