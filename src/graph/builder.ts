/**
 * Builds graphs: one method per operator of the table, spelled as ONNX spells it. A PascalCase call emits a node:
 * `g.MatMul(a, b)`, `g.ReduceSum(x, { axes: [1] })`. Numbers become scalar constants of the other operand's type.
 */
import { invariant } from "../error.ts";
import { heldAs } from "./half.ts";
import { inferNode } from "./infer.ts";
import type { Written } from "./meanings.ts";
import { takeName } from "./new-names.ts";
import { heldBy, nodes } from "./nodes.ts";
import type { AttrsOf, Op } from "./op.ts";
import { type Domain, foreign } from "./ops/foreign.ts";
import { ops } from "./ops/index.ts";
import { arrayOf, tensor, tensorKey, typeText } from "./tensor.ts";
import type { Attrs, Data, DType, Graph, Meaning, Node, Shape, Tensor, Value } from "./types.ts";

type Input = Value | number;
type In = Input | null;
type Entry = Pick<Op, "arity" | "multi"> & { readonly attrs: unknown };
type Out<S extends Entry> = S["multi"] extends true ? Value[] : Value;
type Method<S extends Entry, A = AttrsOf<S["attrs"]>> = S["arity"] extends "n"
  ? (inputs: readonly Input[], attrs?: A) => Out<S>
  : S["arity"] extends 6 | 8
    ? (inputs: readonly In[], attrs?: A) => Out<S>
    : S["arity"] extends 0
      ? (attrs?: A) => Out<S>
      : S["arity"] extends 1
        ? (x: Input, attrs?: A) => Out<S>
        : S["arity"] extends 2
          ? (a: Input, b: Input, attrs?: A) => Out<S>
          : S["arity"] extends 3
            ? (a: Input, b: Input, c: In, attrs?: A) => Out<S>
            : (a: Input, b: Input, c: Input, d: Input, e: Input, attrs?: A) => Out<S>;

/** The emitting methods of a table, one per operator. */
type Emit<T> = { readonly [K in keyof T]: T[K] extends Entry ? Method<T[K]> : never };

class GraphBuilder {
  readonly name: string;
  private readonly inputs: Value[] = [];
  private readonly outputs: Value[] = [];
  private readonly initializers = new Map<Value, Tensor>();
  private readonly nodes: Node[] = [];
  private readonly names = new Set<string>();
  private readonly constants = new Map<string, Value>();
  private readonly stored = new Map<Value, Tensor>();
  private readonly meanings: Map<Value, Meaning>;
  private prefix = "";

  /** @param from a graph to go on from: its inputs, initializers and nodes are taken over, its outputs are not. */
  constructor(name = "graph", from?: Graph) {
    this.name = name;
    this.meanings = new Map(from?.meanings);
    if (!from) return;
    for (const v of from.inputs) this.inputs.push(v);
    for (const [v, t] of from.initializers) this.initializers.set(v, t);
    for (const v of [...from.inputs, ...from.initializers.keys()]) this.names.add(v.name);
    for (const node of from.nodes) this.add(node);
  }

  /** Takes over a finished node as it is. */
  add(node: Node): void {
    this.nodes.push(node);
    const held = heldBy(node);
    if (held) this.stored.set(node.outputs[0]!, held);
    for (const o of node.outputs) if (o) this.names.add(o.name);
  }

  /** Names of nodes emitted inside `body` begin with `prefix/`. */
  scope<T>(prefix: string, body: () => T): T {
    const outer = this.prefix;
    this.prefix = `${outer}${prefix}/`;
    try {
      return body();
    } finally {
      this.prefix = outer;
    }
  }

  private fresh(stem: string): string {
    return takeName(stem, this.names);
  }

  /** A graph input. The name must be new. */
  input(name: string, dtype: DType, shape: Shape): Value {
    invariant(!this.names.has(name), `the name ${name} is taken`);
    this.names.add(name);
    const v: Value = { name, dtype, shape };
    this.inputs.push(v);
    return v;
  }

  /** A stored tensor, for example a parameter. The name must be new. */
  initializer(name: string, t: Tensor): Value {
    invariant(!this.names.has(name), `the name ${name} is taken`);
    this.names.add(name);
    const v: Value = { name, dtype: t.dtype, shape: t.shape };
    this.initializers.set(v, t);
    return v;
  }

  /** A constant; equal constants are stored once. */
  constant(t: Tensor): Value {
    const key = t.data.length <= 64 ? tensorKey(t) : undefined;
    const known = key && this.constants.get(key);
    if (known) return known;
    const name = this.fresh(`${this.prefix}Constant`);
    const v: Value = { name, dtype: t.dtype, shape: t.shape };
    this.add(nodes.Constant(name, [], { value: t }, v));
    if (key) this.constants.set(key, v);
    return v;
  }

  /** A scalar constant of any element type. */
  scalar(x: number, dtype: DType = "float32"): Value {
    const held = heldAs[dtype] ?? ((n: number) => n);
    const wide = dtype === "int64" || dtype === "uint64";
    return this.constant(
      tensor(dtype, [], (arrayOf(dtype) as { from(a: unknown[]): Data }).from([wide ? BigInt(x) : held(x)])),
    );
  }

  /** The tensor behind a stored value or a constant, or undefined when it is computed. */
  tensorOf(v: Value): Tensor | undefined {
    return this.initializers.get(v) ?? this.stored.get(v);
  }

  /** Declares an output; a given name renames the value by an Identity when it differs. */
  output(v: Value, name = v.name): Value {
    const out = name === v.name ? v : this.rename(v, name);
    this.outputs.push(out);
    return out;
  }

  private rename(v: Value, name: string): Value {
    invariant(!this.names.has(name), `the name ${name} is taken`);
    this.names.add(name);
    const out: Value = { ...v, name };
    this.nodes.push(nodes.Identity(name, [v], {}, out));
    return out;
  }

  /** Says what a value is, so that lower/ may compute it otherwise; the nodes that stand are one way to compute it. */
  means<K extends keyof Written>(v: Value, of: K, inputs: Written[K]["inputs"], attrs: Written[K]["attrs"]): Value {
    invariant(!this.meanings.has(v), `${v.name} means two things`);
    this.meanings.set(v, { of, inputs, attrs });
    return v;
  }

  /** Names that nothing new may have: those of nodes that will be added. */
  reserve(names: Iterable<string>): void {
    for (const name of names) this.names.add(name);
  }

  /** Puts `made` in the place of a value that its readers know already. */
  replace(v: Value, made: Value): void {
    invariant(typeText(v) === typeText(made), `${v.name} is ${typeText(v)}, not ${typeText(made)}`);
    const last = this.nodes.at(-1);
    if (last?.outputs[0] !== made || heldBy(last)) this.add(nodes.Identity(v.name, [made], {}, v));
    else this.nodes[this.nodes.length - 1] = { ...last, outputs: last.outputs.with(0, v) };
  }

  /**
   * Emits in the place of a node that stands already.
   * @param outputs the node's
   * @param body what it gives as `outputs` stands for them
   */
  inPlaceOf<T extends { readonly outputs: readonly Value[] }>(outputs: readonly (Value | null)[], body: () => T): T {
    const at = this.nodes.findIndex((node) => node.outputs.some((y) => y && outputs.includes(y)));
    invariant(at >= 0, "no node of the graph makes these values");
    const [node, ...after] = this.nodes.splice(at);
    this.nodes.push(...after.filter(heldBy)); // equal constants are stored once, so that they may stand behind
    const outer = this.prefix;
    this.prefix = `${node.name}/`;
    try {
      const made = body();
      for (const [i, y] of outputs.entries()) if (y) this.nodes.push(nodes.Identity(y.name, [made.outputs[i]], {}, y));
      return made;
    } finally {
      this.prefix = outer;
      this.nodes.push(...after.filter((one) => !heldBy(one)));
    }
  }

  /** The emitting methods of another domain: `g.in("com.microsoft").FusedMatMul(a, b, { transA: 1 })`. */
  in<D extends Domain>(domain: D): Emit<(typeof foreign)[D]> {
    const methods = Object.entries(foreign[domain]).map(([op, entry]) => [
      op,
      (...args: unknown[]) => call(this, op, entry, args, domain),
    ]);
    return Object.fromEntries(methods) as Emit<(typeof foreign)[D]>;
  }

  /** Emits any operator by name; typed methods exist for those of the tables. */
  emit(op: string, inputs: readonly In[], attrs: Attrs = {}, domain = ""): Value[] {
    const peer = inputs.find((x): x is Value => typeof x === "object" && x !== null);
    const ins = inputs.map((x) => (typeof x === "number" ? this.scalar(x, peer?.dtype) : x));
    while (ins.length > 0 && ins[ins.length - 1] === null) ins.pop();
    const name = this.fresh(this.prefix + op);
    const inferred = inferNode(op, domain, name, ins, attrs);
    const outputs = inferred.outputs.map((t, i) => ({
      name: i === 0 ? name : this.fresh(`${name}:${i}`),
      dtype: t.dtype,
      shape: t.shape,
    }));
    this.nodes.push({ op, domain, name, inputs: ins, outputs, attrs: inferred.attrs });
    return outputs;
  }

  /** The finished graph. */
  build(): Graph {
    return {
      name: this.name,
      inputs: this.inputs,
      outputs: this.outputs,
      initializers: this.initializers,
      nodes: this.nodes,
      meanings: this.meanings,
    };
  }
}

/** Inputs beyond so many are given as one list. */
const MOST_ARGUMENTS = 5;

/** What a method does with its arguments: inputs, then attributes. */
function call(g: GraphBuilder, op: string, entry: Entry, args: readonly unknown[], domain = ""): Value | Value[] {
  const { arity } = entry;
  const listed = arity === "n" || arity > MOST_ARGUMENTS;
  const inputs = (listed ? args[0] : args.slice(0, arity)) as In[];
  const outputs = g.emit(op, inputs, (args[listed ? 1 : arity] ?? {}) as Attrs, domain);
  return entry.multi ? outputs : outputs[0];
}

for (const [name, entry] of Object.entries(ops)) {
  Object.defineProperty(GraphBuilder.prototype, name, {
    value(this: GraphBuilder, ...args: unknown[]) {
      return call(this, name, entry, args);
    },
  });
}

export type Builder = GraphBuilder & Emit<typeof ops>;
/** A builder, empty or going on from a graph. */
export const builder = (name?: string, from?: Graph): Builder => new GraphBuilder(name, from) as Builder;
