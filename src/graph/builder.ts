/**
 * Builds graphs: one method per operator of the table, spelled as ONNX spells it. A PascalCase call emits a node:
 * `g.MatMul(a, b)`, `g.ReduceSum(x, { axes: [1] })`. Numbers become scalar constants of the other operand's type.
 */
import { invariant } from "../error.ts";
import { inferNode } from "./infer.ts";
import { type OpArity, type OpAttrs, type OpMulti, type OpName, ops } from "./ops/index.ts";
import { arrayOf, tensor, typeText } from "./tensor.ts";
import type { Attrs, Data, DType, Graph, Node, Shape, Tensor, Value } from "./types.ts";

type Input = Value | number;
type In = Input | null;
type Out<K extends OpName> = OpMulti<K> extends true ? Value[] : Value;
type Method<K extends OpName> =
  OpArity<K> extends "n"
    ? (inputs: readonly Input[], attrs?: OpAttrs<K>) => Out<K>
    : OpArity<K> extends 0
      ? (attrs?: OpAttrs<K>) => Out<K>
      : OpArity<K> extends 1
        ? (x: Input, attrs?: OpAttrs<K>) => Out<K>
        : OpArity<K> extends 2
          ? (a: Input, b: Input, attrs?: OpAttrs<K>) => Out<K>
          : OpArity<K> extends 3
            ? (a: Input, b: Input, c: In, attrs?: OpAttrs<K>) => Out<K>
            : (a: Input, b: Input, c: Input, d: Input, e: Input, attrs?: OpAttrs<K>) => Out<K>;

/** The emitting methods, one per operator. */
type Emit = { readonly [K in OpName]: Method<K> };

class GraphBuilder {
  readonly name: string;
  private readonly inputs: Value[] = [];
  private readonly outputs: Value[] = [];
  private readonly initializers = new Map<Value, Tensor>();
  private readonly nodes: Node[] = [];
  private readonly names = new Set<string>();
  private readonly constants = new Map<string, Value>();
  private readonly stored = new Map<Value, Tensor>();
  private prefix = "";

  /** @param from a graph to go on from: its inputs, initializers and nodes are taken over, its outputs are not. */
  constructor(name = "graph", from?: Graph) {
    this.name = name;
    if (!from) return;
    for (const v of from.inputs) this.inputs.push(v);
    for (const [v, t] of from.initializers) this.initializers.set(v, t);
    for (const v of [...from.inputs, ...from.initializers.keys()]) this.names.add(v.name);
    for (const node of from.nodes) this.add(node);
  }

  /** Takes over a finished node as it is. */
  add(node: Node): void {
    this.nodes.push(node);
    if (node.op === "Constant") this.stored.set(node.outputs[0]!, node.attrs.value as Tensor);
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
    let name = stem;
    for (let i = 1; this.names.has(name); i++) name = `${stem}_${i}`;
    this.names.add(name);
    return name;
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
    const key = t.data.length <= 64 ? `${typeText(t)}:${t.data.join()}:${Object.is(t.data[0], -0)}` : undefined;
    const known = key && this.constants.get(key);
    if (known) return known;
    const name = this.fresh(`${this.prefix}Constant`);
    const v: Value = { name, dtype: t.dtype, shape: t.shape };
    this.add({ op: "Constant", domain: "", name, inputs: [], outputs: [v], attrs: { value: t } });
    if (key) this.constants.set(key, v);
    return v;
  }

  /** A scalar constant of any element type. */
  scalar(x: number, dtype: DType = "float32"): Value {
    const wide = dtype === "int64" || dtype === "uint64";
    return this.constant(
      tensor(dtype, [], (arrayOf(dtype) as { from(a: unknown[]): Data }).from([wide ? BigInt(x) : x])),
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
    this.nodes.push({ op: "Identity", domain: "", name, inputs: [v], outputs: [out], attrs: {} });
    return out;
  }

  /** Emits any operator by name; typed methods exist for those of the table. */
  emit(op: string, inputs: readonly In[], attrs: Attrs = {}): Value[] {
    const peer = inputs.find((x): x is Value => typeof x === "object" && x !== null);
    const ins = inputs.map((x) => (typeof x === "number" ? this.scalar(x, peer?.dtype) : x));
    while (ins.length > 0 && ins[ins.length - 1] === null) ins.pop();
    const name = this.fresh(this.prefix + op);
    const inferred = inferNode(op, "", name, ins, attrs);
    const outputs = inferred.outputs.map((t, i) => ({
      name: i === 0 ? name : this.fresh(`${name}:${i}`),
      dtype: t.dtype,
      shape: t.shape,
    }));
    this.nodes.push({ op, domain: "", name, inputs: ins, outputs, attrs: inferred.attrs });
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
    };
  }
}

for (const [name, entry] of Object.entries(ops)) {
  Object.defineProperty(GraphBuilder.prototype, name, {
    value(this: GraphBuilder, ...args: unknown[]) {
      const inputs = entry.arity === "n" ? (args[0] as In[]) : (args.slice(0, entry.arity) as In[]);
      const attrs = (args[entry.arity === "n" ? 1 : entry.arity] ?? {}) as Attrs;
      const outputs = this.emit(name, inputs, attrs);
      return entry.multi ? outputs : outputs[0];
    },
  });
}

export type Builder = GraphBuilder & Emit;
/** A builder, empty or going on from a graph. */
export const builder = (name?: string, from?: Graph): Builder => new GraphBuilder(name, from) as Builder;
