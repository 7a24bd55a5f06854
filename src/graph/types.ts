/**
 * The graph IR: plain data. A `Value` is an opaque handle (compare by identity, never by name); nodes are in
 * topological order; every shape is concrete. A `Model` adds what a file needs beside its graph.
 */

import type { Data, DType } from "../dtype.ts";

export type { Data, DType };

/** Concrete sizes, outermost first; [] is a scalar. */
export type Shape = readonly number[];

/** Stored numbers, row-major. */
export interface Tensor {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: Data;
}

/** What flows along an edge of a graph: an input, a stored tensor or an output of a node. */
export interface Value {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** The bytes of an AttributeProto that Espalier does not interpret. They survive a round trip. */
export interface OpaqueAttr {
  readonly opaque: Uint8Array;
}

export type Attr = number | string | readonly number[] | readonly string[] | Tensor | OpaqueAttr;
export type Attrs = Readonly<Record<string, Attr | undefined>>;

/** One operator with its wiring. */
export interface Node {
  /** ONNX's operator name; of the standard domain unless `domain` says otherwise. */
  readonly op: string;
  readonly domain: string;
  readonly name: string;
  /** null = an optional input or output that is absent. */
  readonly inputs: readonly (Value | null)[];
  readonly outputs: readonly (Value | null)[];
  /** For operators of the table: complete (defaults filled in). */
  readonly attrs: Attrs;
  /** Attributes that are other numbers where values have other sizes, and what of (`sizes.ts`). */
  readonly follows?: Follows;
}

/** A number, the length of an axis, or what an operator makes of such. */
export type Size = number | Length | Computed;

/** The length of an axis of the value of this name. */
export interface Length {
  readonly of: string;
  readonly axis: number;
}

/** What an operator makes of single numbers. */
export interface Computed {
  readonly op: string;
  readonly attrs?: Attrs;
  readonly args: readonly Size[];
  /** The element types of its operands and of its result. */
  readonly from: readonly DType[];
  readonly dtype: DType;
  /** How many operators it takes, each as often as it is met. */
  readonly steps: number;
}

/** What follows sizes among a node's attributes, by their names: as many entries as the attribute has numbers. */
export type Follows = Readonly<Record<string, readonly Size[]>>;

/** What a value is, whatever the nodes that make it: one of the names of meanings.ts, with operands as an operator has. */
export interface Meaning {
  readonly of: string;
  readonly inputs: readonly Value[];
  readonly attrs: Attrs;
}

/** A computation on tensors. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Parameters and other stored tensors. */
  readonly initializers: ReadonlyMap<Value, Tensor>;
  /** In topological order. */
  readonly nodes: readonly Node[];
  /**
   * What some values are, for a pass that may compute them otherwise; the nodes that make them are one way to do it.
   * A pass that changes values may drop it; what is said of a value that is not in the graph says nothing.
   */
  readonly meanings?: ReadonlyMap<Value, Meaning>;
}

/** A dimension as a file declares it: a number, or the name of a dynamic axis. */
export type Dim = number | string;

/** The sizes of a model's inputs that may be others. */
export interface FreeSizes {
  /** Dimensions of each graph input, by name: a number, or the symbol of a size that is free. */
  readonly axes: ReadonlyMap<string, readonly Dim[]>;
  /** The symbol of the size that counts samples. */
  readonly batch: string | undefined;
  /** What the symbols may stand for: sizes at which the model was read. The graph has the first ones, but for a batch of 1. */
  readonly tried: readonly ReadonlyMap<string, number>[];
  /** Why the batch size that the file has cannot be another. */
  readonly fixed?: string;
}

/** A graph and what its file says beside it. */
export interface Model {
  readonly graph: Graph;
  /** Opset of the source file, which `write` writes again; 17 for built-in models. */
  readonly opset: number;
  /** Declared dimensions of each graph input and output, by name; a string marks a dynamic axis. */
  readonly dims: ReadonlyMap<string, readonly Dim[]>;
  /** Its free sizes; without, the first axis of each input that has no number is the batch. */
  readonly sizes?: FreeSizes;
  /** metadata_props of the file. */
  readonly metadata: ReadonlyMap<string, string>;
  /** What else the file held (producer, doc strings, foreign opsets, unknown fields). Only onnx/ looks inside. */
  readonly rest?: unknown;
}
