/** What the forms of control may ask while a file is gone through, and what they leave. */
import { EspalierError } from "../../error.ts";
import type { Type } from "../../graph/op.ts";
import { tensorKey } from "../../graph/tensor.ts";
import type { Tensor } from "../../graph/types.ts";
import type { FileStep, Source } from "../file-step.ts";
import type { Known } from "../fold-shapes.ts";

/** What came of one node. */
export interface WrittenOut {
  readonly op: string;
  readonly node: string;
  /** Half a sentence: "its condition is always true". */
  readonly how: string;
}

/** The nodes that stand for a node, one by one: each is gone through before the next is asked for. */
export type Steps = Generator<FileStep, void, undefined>;

/** A sequence: the values that it holds; or the parts of one value along an axis, which are made where they are asked for. */
export type Sequence = { readonly names: readonly string[] } | Parts;

export interface Parts {
  readonly of: string;
  readonly axis: number;
  /** Whether a part of one still has the axis. */
  readonly keeps: boolean;
  /** Where each part ends; undefined: parts of one, as many as the axis is long. */
  readonly ends: readonly number[] | undefined;
}

/** What is known of the values before a node. */
export interface Values {
  known(name: string): Known | undefined;
  type(name: string): Type | undefined;
  /** A new name of a value. */
  fresh(stem: string): string;
  /** Makes a stored tensor known. */
  store(name: string, tensor: Tensor): void;
}

/** Nodes that forms may become, all of a file together. */
const MOST_STEPS = 2 ** 14;

/** A walk through a file at certain sizes. */
export class Place {
  /** Tensors that subgraphs store, by their names in the graph. */
  readonly stored = new Map<string, Tensor>();
  readonly sequences = new Map<string, Sequence>();
  readonly resolved: WrittenOut[] = [];
  readonly source: Source;
  readonly values: Values;
  private readonly kept = new Map<string, string>();
  private left = MOST_STEPS;

  constructor(source: Source, values: Values) {
    this.source = source;
    this.values = values;
  }

  /** Keeps a tensor of a subgraph, which is one tensor in every round, and gives its name. */
  keep(name: string, scope: string, tensor: Tensor): string {
    const key = `${name} ${tensorKey(tensor)}`;
    const known = this.kept.get(key);
    if (known !== undefined) return known;
    const own = this.values.fresh(`${scope}/${name}`);
    this.kept.set(key, own);
    this.stored.set(own, tensor);
    this.values.store(own, tensor);
    return own;
  }

  /** The one number that a value is known to be; undefined where it is not known. */
  numberOf(name: string): number | undefined {
    const known = this.values.known(name);
    return known?.values.length === 1 ? known.values[0] : undefined;
  }

  /** Notes that one more node is made. @throws EspalierError when they become too many */
  count({ op, name }: FileStep): void {
    if (this.left-- > 0) return;
    throw new EspalierError(
      "too-large",
      `${op} is too many nodes when it is written out`,
      { node: name, wanted: `at most ${MOST_STEPS}` },
      "export the model without this loop, or with fewer rounds",
    );
  }
}
