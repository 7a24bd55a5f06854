/**
 * Where a node came from, as far as its exporter says it: the module, and the parameters that the module's own code read.
 * torch.onnx writes the module into the node's name ("/layers.0/norm/Mul"); with dynamo it writes both into the node's metadata.
 */

import { joinedBytes } from "../bytes.ts";
import type { Model, Node } from "../graph/types.ts";
import type { FileStep } from "./file-step.ts";
import { quoted } from "./origins.ts";
import { restOf } from "./rest.ts";
import { decode } from "./wire.ts";

const SCOPES = "pkg.torch.onnx.name_scopes";
const CALL = "pkg.torch.onnx.fx_node";

/** What dynamo says of a node. */
export interface ModuleCall {
  /** The module that made the call: "layers.0.norm". */
  readonly module: string;
  /** Whether a parameter or buffer of this name was an argument. */
  reads(name: string): boolean;
  /** The only argument that was a parameter or buffer of the module itself, by its own name. */
  readonly only: string | undefined;
}

/** The call that a node is of, or undefined where nothing is said. */
export function moduleCallOf({ name, proto }: FileStep): ModuleCall | undefined {
  const said = notesOf(name, proto.unknown);
  const [once, call] = [said && calledModule(said), said?.(CALL)];
  if (once === undefined || !call) return undefined;
  const read = new Set([...call.matchAll(/%[pbc]_(\w+)/g)].map((m) => m[1].toLowerCase()));
  const [first] = read;
  const start = spelled(inModule(once, ""));
  const only = read.size === 1 && first.startsWith(start) ? first.slice(start.length) : undefined;
  return { module: once, reads: (of) => read.has(spelled(of)), only };
}

/** What a node's metadata says, by key; undefined where the file has none. */
function notesOf(name: string, unknown: readonly Uint8Array[] | undefined) {
  if (!unknown) return undefined;
  const { metadata_props = [] } = decode("NodeNotes", joinedBytes(unknown), name);
  return (wanted: string) => metadata_props.find(({ key }) => key === wanted)?.value;
}

/** "layer@1" is the second call of "layer". */
function calledModule(said: (key: string) => string | undefined): string | undefined {
  const scopes = said(SCOPES);
  return scopes ? quoted(scopes).at(-2)?.replace(/@\d+/g, "") : undefined;
}

/** The module that each node is of, where the model's file says it: in the node's metadata, or in its name. */
export function modulesOf(model: Model): (node: Node) => string | undefined {
  const notes = restOf(model)?.nodes;
  return (node) => {
    const said = notesOf(node.name, notes?.get(node.outputs.find((o) => o)?.name ?? "")?.unknown);
    return (said && calledModule(said)) ?? moduleOf(node);
  };
}

/** A parameter's name as dynamo spells it among arguments. */
const spelled = (name: string): string => name.replace(/\W/g, "_").toLowerCase();

/** The module that a node's name tells: "f.0" of "/f/f.0/Gemm"; undefined where the name is of another kind. */
export function moduleOf({ name }: Pick<FileStep, "name">): string | undefined {
  if (!name.startsWith("/")) return undefined;
  const parts = name.split("/").slice(1, -1);
  return parts.filter((p, i) => !parts[i + 1]?.startsWith(`${p}.`)).join(".");
}

/** A parameter's own name, and its module's. */
export function splitName(name: string): { readonly module: string; readonly leaf: string } {
  const dot = name.lastIndexOf(".");
  return { module: name.slice(0, Math.max(0, dot)), leaf: name.slice(dot + 1) };
}

export const inModule = (module: string, leaf: string): string => (module ? `${module}.${leaf}` : leaf);
