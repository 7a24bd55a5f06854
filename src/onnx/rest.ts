/** What a file holds beside its graph, kept so that a round trip loses nothing. Only read.ts and write.ts look inside. */
import type { Model } from "../graph/types.ts";
import type { WrittenOut } from "./control/place.ts";
import type { Calls } from "./functions/inline-functions.ts";
import type { StoredPrecision } from "./precision/stored-precision.ts";
import type { WireMessage } from "./schema.ts";
import type { Sharing } from "./sharing.ts";
import type { Unmasked } from "./without-draws.ts";

/** How much a file holds quantized. */
export interface Quantized {
  /** Stored tensors. */
  readonly tensors: number;
  /** Values between operators that it rounds. */
  readonly values: number;
}

/** A classifier that was replaced: the tensor of its new weights, and how many classes there were and are. */
export interface ReplacedHead {
  readonly weight: string;
  readonly before: number;
  readonly after: number;
}

export interface Rest {
  /** Producer, domain, version, doc string, opset imports, unknown fields (functions among them). */
  readonly model: Omit<WireMessage<"ModelProto">, "graph" | "metadata_props">;
  /** Doc string and unknown fields. */
  readonly graph: Pick<WireMessage<"GraphProto">, "doc_string" | "unknown">;
  /** Names in the order of the file's inputs, initializers that may be overridden included. */
  readonly inputs: readonly string[];
  /** Declarations of inputs, outputs and of what opaque operators make, by name. */
  readonly values: ReadonlyMap<string, WireMessage<"ValueInfoProto">>;
  /** Doc string and unknown fields of each node, by the name of its first output. */
  readonly nodes: ReadonlyMap<string, Pick<WireMessage<"NodeProto">, "doc_string" | "unknown">>;
  /** Doc string and unknown fields of each initializer, by name. */
  readonly tensors: ReadonlyMap<string, Pick<WireMessage<"TensorProto">, "doc_string" | "unknown">>;
  /** Nodes that the file holds as they are in training, in order; the graph has them as they are in evaluation. */
  readonly training: readonly { readonly name: string; readonly op: string }[];
  /** How many trailing inputs of a node stand for values that its subgraphs read, by the name of its first output. */
  readonly captures: ReadonlyMap<string, number>;
  /** Functions of the file that were called, and how often; the graph has their nodes. */
  readonly calls: Calls;
  /** Nodes with graphs that were written out, and what they came to. */
  readonly resolved: readonly WrittenOut[];
  /** Nodes that multiplied by masks that are drawn; the graph has the mean of each. */
  readonly unmasked: readonly Unmasked[];
  /** What is float32 in the graph and was another float in the file, or in the one that it was made of. */
  readonly precision: StoredPrecision;
  /** How many of these the file itself held so. */
  readonly converted: number;
  /** What was found of tensors that are shared. Nothing of it is written: the graph says it. */
  readonly sharing?: Sharing;
  /** Which weights are no longer the file's, but drawn anew: those of the classifier, or all. */
  readonly drawn?: ReplacedHead | "all";
  /** What the file holds quantized; the graph holds it as floats. */
  readonly quantized?: Quantized;
}

export const restOf = (model: Model): Rest | undefined => model.rest as Rest | undefined;
