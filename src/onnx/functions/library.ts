/** The functions that a file defines for itself, by what a node calls them. */
import { joinedBytes } from "../../bytes.ts";
import { EspalierError } from "../../error.ts";
import { STANDARD } from "../file-step.ts";
import type { WireMessage } from "../schema.ts";
import { decode } from "../wire.ts";

/** A function of a file. */
export interface LocalFunction {
  readonly proto: WireMessage<"FunctionProto">;
  /** How errors call it: "functions[2]". */
  readonly path: string;
  /** The opset of the standard operators in it; undefined where it has none. */
  readonly opset: number | undefined;
}

/** By domain, name and overload. */
export type FunctionLibrary = ReadonlyMap<string, LocalFunction>;

const ownDomain = (domain = ""): string => (STANDARD.has(domain) ? "" : domain);
const keyOf = (domain: string | undefined, name = "", overload = ""): string =>
  JSON.stringify([ownDomain(domain), name, overload]);

/** @throws EspalierError where a function is defined twice */
export function functionsOf(file: WireMessage<"ModelProto">): FunctionLibrary {
  const library = new Map<string, LocalFunction>();
  for (const [i, bytes] of (file.functions ?? []).entries()) {
    const path = `functions[${i}]`;
    const proto = decode("FunctionProto", bytes, path);
    const key = keyOf(proto.domain, proto.name, proto.overload);
    if (library.has(key))
      throw new EspalierError("invalid-file", "a function is defined twice", { field: path, name: proto.name });
    const imported = proto.opset_import?.find((o) => STANDARD.has(o.domain ?? ""));
    library.set(key, { proto, path, opset: imported && Number(imported.version ?? 0n) });
  }
  return library;
}

/** The function that a node calls; undefined where it is an operator. */
export function calledBy(node: WireMessage<"NodeProto">, library: FunctionLibrary): LocalFunction | undefined {
  if (library.size === 0) return undefined;
  const { overload } = node.unknown ? decode("NodeNotes", joinedBytes(node.unknown)) : {};
  return library.get(keyOf(node.domain, node.op_type, overload));
}

/** Domains of which functions are. */
export const domainsOf = (library: FunctionLibrary): ReadonlySet<string> =>
  new Set([...library.values()].map(({ proto }) => ownDomain(proto.domain)));
