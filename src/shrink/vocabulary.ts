/** A model for fewer tokens: the rows of its tables that a keep list names, and what is made of them, under new ids. */
import { EspalierError, UsageError } from "../error.ts";
import { aList, aModel, anObject, maybe, wants } from "../given.ts";
import { numbers } from "../graph/tensor.ts";
import type { Graph, Model, Node, Value } from "../graph/types.ts";
import { withoutUnread } from "../graph/walk.ts";
import { storedValues } from "../groups/stored.ts";
import { type Analysis, analyze } from "./analysis.ts";
import { cut } from "./cut.ts";
import { type IdsOf, idsFrom, type Lookup, lookupsIn, type Renumbered, withNewIds } from "./token-ids.ts";

/** Options of `keepVocab`. */
export interface KeepVocabOptions {
  /** An input of token ids. Default: the one that looks a table up; it must be named where several tables are looked up. */
  readonly input?: string;
  /** Outputs whose last axis counts tokens by a weight of their own. Those that the table itself makes need not be named. */
  readonly outputs?: readonly string[];
}

/** A model for fewer tokens, and what became of the others. */
export interface KeptVocabulary {
  readonly model: Model;
  /** The old id of each new one, in order: 0 is the first of them. */
  readonly ids: readonly number[];
  /** How many tokens there were. */
  readonly tokens: number;
  /** The inputs that take new ids. */
  readonly inputs: readonly string[];
  /** The outputs that have lost what was for other tokens, and on which axis. */
  readonly outputs: readonly { readonly name: string; readonly axis: number }[];
  /** Outputs of as many numbers as there were tokens, which stay as they are. */
  readonly whole: readonly string[];
  /** Stored tensors that are smaller now. */
  readonly cut: readonly {
    readonly tensor: string;
    readonly axis: number;
    readonly before: number;
    readonly after: number;
  }[];
}

/**
 * Keeps some tokens of a model's vocabulary: the rows of the table that its input ids look up, in every use of it, and the columns
 * of a projection that is tied to it. The small model takes new ids, the places of the kept ones in `ids`; for those it computes what
 * the model computes for the old ones.
 * @param ids of the tokens that stay, in any order; the new ids have the order of the old ones
 * @throws UsageError where no table or several are looked up, or an id or name is not of the model; EspalierError naming the node that
 *   computes with ids, or over all tokens, so that it would say something else
 */
export function keepVocab(model: Model, ids: readonly number[], options: KeepVocabOptions = {}): KeptVocabulary {
  wants(
    "keepVocab",
    ["model", aModel, model],
    ["ids", aList, ids],
    ["options", anObject, options],
    ["outputs", maybe(aList), options, "outputs"],
  );
  const graph = withoutUnread(model.graph);
  const { looking, tables } = looked(graph, options.input);
  const [{ table, axis }] = tables;
  const tokens = table.shape[axis];
  const kept = checkedIds(ids, tokens);
  const to: Renumbered = new Int32Array(tokens).fill(-1);
  kept.forEach((old, now) => {
    to[old] = now;
  });
  const lookups = new Set(looking.flatMap((x) => x.lookups.map((l) => l.node)));
  checkOwnTokens(graph, tables, lookups, to);
  const renumbered = withNewIds(graph, looking, new Set(tables.map((t) => t.table)), to);
  const analysis = analyze(renumbered);
  const axes = tables.map((t): [Value, number] => [t.table, t.axis]);
  for (const name of options.outputs ?? []) axes.push(outputAxis(graph, name, tokens));
  const gone = removed(analysis, axes, to);
  checkUses(analysis, gone, lookups);
  const small = cut(analysis, gone);
  return {
    model: { ...model, graph: small, dims: smallerDims(model, small) },
    ids: kept,
    tokens,
    inputs: looking.map((x) => x.input.name),
    outputs: shorter(graph.outputs, small.outputs).map(({ name, axis }) => ({ name, axis })),
    whole: graph.outputs
      .filter((v, i) => small.outputs[i].shape.at(-1) === tokens && v.shape.at(-1) === tokens)
      .map((v) => v.name),
    cut: shorter([...graph.initializers.keys()], [...small.initializers.keys()]).map(
      ({ name, axis, before, after }) => ({
        tensor: name,
        axis,
        before,
        after,
      }),
    ),
  };
}

function checkedIds(ids: readonly number[], tokens: number): number[] {
  const wrong = ids.find((id) => !(Number.isSafeInteger(id) && id >= 0 && id < tokens));
  if (wrong !== undefined || ids.length === 0)
    throw new UsageError("out-of-range", ids.length === 0 ? "no token is kept" : "a token is not in the vocabulary", {
      got: wrong,
      wanted: `ids from 0 to ${tokens - 1}`,
    });
  return [...new Set(ids)].sort((a, b) => a - b);
}

/** The inputs of ids and the tables that they look up: those of one vocabulary. */
function looked(graph: Graph, wanted: string | undefined): { looking: readonly IdsOf[]; tables: readonly Lookup[] } {
  const lookups = lookupsIn(graph);
  const all = graph.inputs.map((input) => idsFrom(graph, input, lookups)).filter((x) => x.lookups.length > 0);
  const said = () =>
    all
      .map(
        (x) =>
          `${x.input.name} (${[...new Set(x.lookups.map((l) => `${l.table.name} of ${l.table.shape[l.axis]}`))].join(", ")})`,
      )
      .join(", ");
  const first = wanted === undefined ? all[0] : all.find((x) => x.input.name === wanted);
  if (!first)
    throw new UsageError(
      wanted === undefined ? "nothing-to-do" : "unknown-name",
      wanted === undefined
        ? "no input looks up rows of a stored table"
        : "this input looks up no row of a stored table",
      { got: wanted, wanted: said() || "an input of token ids" },
    );
  const tables = new Set(first.lookups.map((l) => l.table));
  let looking: readonly IdsOf[] = [first];
  for (let before = 0; before < looking.length; ) {
    before = looking.length;
    looking = all.filter((x) => x.lookups.some((l) => tables.has(l.table)));
    for (const x of looking) for (const l of x.lookups) tables.add(l.table);
  }
  if (wanted === undefined && looking.length < all.length)
    throw new UsageError(
      "missing",
      "several tables are looked up, and which are the tokens' is not said",
      { wanted: said() },
      "name the input of token ids",
    );
  const used = lookups.filter((l) => tables.has(l.table));
  const [{ table, axis }] = used;
  const odd = used.find((l) => l.table.shape[l.axis] !== table.shape[axis]);
  if (odd)
    throw new EspalierError("unsupported", "tables of several sizes are looked up by the same ids", {
      tables: `${table.name} of ${table.shape[axis]}, ${odd.table.name} of ${odd.table.shape[odd.axis]}`,
    });
  return { looking, tables: used };
}

function outputAxis(graph: Graph, name: string, tokens: number): [Value, number] {
  const output = graph.outputs.find((v) => v.name === name);
  if (output?.shape.at(-1) === tokens) return [output, output.shape.length - 1];
  throw new UsageError(
    output ? "mismatch" : "unknown-name",
    output ? "an output does not count the tokens on its last axis" : "the model has no such output",
    {
      got: output ? `${name} [${output.shape}]` : name,
      wanted: output ? `a last axis of ${tokens}` : graph.outputs.map((v) => v.name).join(", "),
    },
  );
}

/** The channels of the tokens that go. */
function removed({ channels }: Analysis, axes: readonly (readonly [Value, number])[], to: Renumbered): Set<number> {
  const gone = new Set<number>();
  const stay = new Set<number>();
  for (const [v, axis] of axes) {
    const classes = channels.of(v, axis);
    if (!classes)
      throw new EspalierError("unsupported", "the tokens of an axis cannot be told apart", { value: v.name, axis });
    for (const [id, c] of classes.entries()) (to[id] < 0 ? gone : stay).add(c);
  }
  const both = [...gone].find((c) => stay.has(c));
  if (both !== undefined)
    throw new EspalierError("unsupported", "a token that stays is tied to one that goes", { table: axes[0][0].name });
  return gone;
}

/** @throws EspalierError naming a node that would say something else of the tokens that stay */
function checkUses({ graph, channels, uses }: Analysis, gone: ReadonlySet<number>, lookups: ReadonlySet<Node>): void {
  const known = new Map<Int32Array, boolean>();
  const loses = (v: Value, axis: number) => {
    const classes = channels.of(v, axis);
    if (!classes) return false;
    if (!known.has(classes))
      known.set(
        classes,
        classes.some((c) => gone.has(c)),
      );
    return known.get(classes)!;
  };
  const refuse = ({ op, name }: Node, why: string): never => {
    throw new EspalierError(
      "unsupported",
      `${op} ${why}, of which some would go`,
      { node: name },
      "keep the whole vocabulary, or export the model without this operator",
    );
  };
  for (const { node, data, carried } of uses)
    if (!carried && loses(node.inputs[data.at]!, data.axis)) refuse(node, "adds up over the tokens");
  for (const node of graph.nodes)
    for (const [at, v] of node.inputs.entries())
      for (const axis of v?.shape.keys() ?? []) {
        if (!loses(v!, axis)) continue;
        const { sums, why } = channels.flow(node);
        if (sums?.some((end) => end.at === at && end.axis === axis)) refuse(node, "adds up over the tokens");
        if (!channels.ties(node).names(at, axis) && !lookups.has(node)) refuse(node, why ?? "mixes the tokens");
      }
}

/** @throws EspalierError naming a node that always looks up a token that goes */
function checkOwnTokens(graph: Graph, used: readonly Lookup[], lookups: ReadonlySet<Node>, to: Renumbered): void {
  const stored = storedValues(graph);
  for (const { node } of used) {
    if (lookups.has(node)) continue;
    const ids = node.inputs.flatMap((v) => (v && isWhole(v) ? [stored.get(v)?.tensor] : []));
    const wanted = ids.flatMap((t) => (t ? numbers(t) : [Number.NaN])).map((id) => (id < 0 ? id + to.length : id));
    const gone = wanted.find((id) => !(to[id] >= 0));
    if (gone !== undefined)
      throw new EspalierError(
        "unsupported",
        Number.isNaN(gone)
          ? "a token is looked up by a computed id"
          : "the model itself looks up a token that would go",
        { node: node.name, token: Number.isNaN(gone) ? undefined : gone },
        Number.isNaN(gone) ? undefined : "keep that token",
      );
  }
}

const isWhole = ({ dtype }: Value): boolean => dtype.includes("int");

/** The values of the same name that are shorter on some axis. */
function shorter(full: readonly Value[], small: readonly Value[]) {
  const left = new Map(small.map((v) => [v.name, v]));
  return full.flatMap((v) => {
    const now = left.get(v.name);
    return v.shape.flatMap((before, axis) => {
      const after = now?.shape[axis] ?? before;
      return after === before ? [] : [{ name: v.name, axis, before, after }];
    });
  });
}

function smallerDims({ dims, graph }: Model, small: Graph): Model["dims"] {
  const changed = new Map(shorter(graph.outputs, small.outputs).map((o) => [`${o.name} ${o.axis}`, o.after]));
  return new Map([...dims].map(([name, all]) => [name, all.map((d, axis) => changed.get(`${name} ${axis}`) ?? d)]));
}
