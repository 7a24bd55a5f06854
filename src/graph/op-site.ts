/** A node as the rules of its operator see it, and how a table of such rules is read. */
import { type OpArity, type OpFullAttrs, type OpMulti, type OpName, opOf, ops } from "./ops/index.ts";
import type { Attrs, Follows, Node, Value } from "./types.ts";

type InputsOf<K extends OpName> =
  OpArity<K> extends "n"
    ? readonly Value[]
    : OpArity<K> extends 0
      ? readonly []
      : OpArity<K> extends 1
        ? readonly [Value]
        : OpArity<K> extends 2
          ? readonly [Value, Value]
          : OpArity<K> extends 3
            ? readonly [Value, Value, Value | null]
            : OpArity<K> extends 5
              ? readonly [Value, Value, Value, Value, Value]
              : readonly [Value, Value, Value, ...(Value | null)[]];

/** A node of operator K: attributes complete. An optional input or output that is absent is null. */
export interface OpSite<K extends OpName> {
  readonly in: InputsOf<K>;
  readonly out: OpMulti<K> extends true ? readonly (Value | null)[] : Value;
  readonly attrs: OpFullAttrs<K>;
  readonly follows?: Follows;
}

/** A node of any operator of the table. */
export interface AnySite {
  readonly in: readonly (Value | null)[];
  readonly out: Value | readonly (Value | null)[];
  readonly attrs: Attrs;
  /** What of its attributes follows sizes. */
  readonly follows?: Follows;
}

/** @param node of the operator table */
export const opSiteOf = ({ op, inputs, outputs, attrs, follows }: Node): AnySite => ({
  in: inputs,
  out: ops[op as OpName].multi ? outputs : outputs[0]!,
  attrs,
  ...(follows && { follows }),
});

/**
 * What a table with an entry per operator says of a node; undefined for operators that it does not have. Entries
 * are typed by their operator; here, where the operator is known only as a string, that type ends.
 * @template Entry any of the table's entries, called with `opSiteOf(node)`
 */
export const ruleIn = <Entry>(
  table: { readonly [K in OpName]?: unknown },
  { op, domain }: Pick<Node, "op" | "domain">,
): Entry | undefined => opOf(op, domain) && (table[op as OpName] as Entry | undefined);
