/**
 * A model that was read in float32, in the floats that its file had: stored tensors are rounded to the nearest, inputs, outputs and Casts are
 * what they were, and what was added since is of the type that it meets.
 */
import { EspalierError } from "../../error.ts";
import { heldAs } from "../../graph/half.ts";
import { inferNode } from "../../graph/infer.ts";
import { newNames } from "../../graph/new-names.ts";
import { heldBy, makeNode } from "../../graph/nodes.ts";
import { opOf } from "../../graph/ops/index.ts";
import { isFloat } from "../../graph/tensor.ts";
import type { DType, Graph, Model, Node, Tensor, Value } from "../../graph/types.ts";
import { LOADED } from "../parse.ts";
import { type Rest, restOf } from "../rest.ts";
import { checkTypes } from "../signature.ts";
import { dataOf, valuesOf } from "../tensors.ts";
import type { StoredPrecision } from "./stored-precision.ts";

/** A tensor as another float. @throws EspalierError where it does not hold a number */
function rounded(name: string, t: Tensor, dtype: DType): Tensor {
  if (t.dtype === dtype || !isFloat(t.dtype)) return t;
  const values = valuesOf(t);
  const held = { dtype, shape: t.shape, data: dataOf(dtype, values) };
  const beyond = heldAs[dtype] && valuesOf(held).findIndex((x, i) => !Number.isFinite(x) && Number.isFinite(values[i]));
  if (beyond !== undefined && beyond >= 0)
    throw new EspalierError(
      "unsupported",
      `${dtype} does not hold a number of the model`,
      { tensor: name, got: values[beyond] },
      'write it in float32: write(model, { precision: "float32" })',
    );
  return held;
}

class Rounding {
  readonly initializers = new Map<Value, Tensor>();
  readonly nodes: Node[] = [];
  private readonly values = new Map<Value, Value>();
  /** Stored tensors that the file did not have, which are of the type that they meet. */
  private readonly free = new Map<Value, Tensor>();
  private readonly replaced = new Set<Value>();
  private readonly was: StoredPrecision;
  private readonly fresh: (stem: string) => string;

  constructor(graph: Graph, was: StoredPrecision) {
    this.was = was;
    this.fresh = newNames(graph);
  }

  input(v: Value): Value {
    return this.define(v, this.was.get(v.name) ?? v.dtype);
  }

  store(v: Value, t: Tensor): void {
    const dtype = this.was.get(v.name);
    const made = this.define(v, dtype ?? v.dtype);
    if (!dtype && isFloat(v.dtype)) this.free.set(made, t);
    this.initializers.set(made, dtype ? rounded(v.name, t, dtype) : t);
  }

  node(node: Node): void {
    const inputs = this.fitted(
      node,
      node.inputs.map((x) => x && this.values.get(x)!),
    );
    const attrs = this.attrsOf(node);
    const { outputs } = opOf(node.op, node.domain)
      ? inferNode(node.op, node.domain, node.name, inputs, attrs)
      : { outputs: node.outputs.map((o) => o ?? { dtype: "float32" as const, shape: [] }) };
    const made = node.outputs.map((o, i) => o && this.define(o, outputs[i].dtype));
    this.nodes.push({ ...node, attrs, inputs, outputs: made });
    const held = heldBy({ ...node, attrs });
    if (held && made[0] && isFloat(held.dtype) && !this.was.has(made[0].name)) this.free.set(made[0], held);
  }

  output(v: Value): Value {
    const made = this.values.get(v)!;
    const dtype = this.was.get(v.name);
    if (!dtype || dtype === made.dtype) return made;
    // the name is that of the output, so what made it gets another
    const before = { ...made, name: this.fresh(made.name) };
    for (const [i, n] of this.nodes.entries())
      this.nodes[i] = {
        ...n,
        inputs: n.inputs.map((x) => (x === made ? before : x)),
        outputs: n.outputs.map((x) => (x === made ? before : x)),
      };
    const cast = makeNode("Cast", this.fresh(`${made.name}/cast`), [before], { to: dtype }, { ...made, dtype });
    this.nodes.push(cast);
    return cast.outputs[0]!;
  }

  /** Without what was free and has another type now. */
  kept(outputs: readonly Value[]): Pick<Graph, "initializers" | "nodes"> {
    const read = new Set([...outputs, ...this.nodes.flatMap((n) => n.inputs)]);
    const stays = (v: Value | null) => !v || read.has(v) || !this.replaced.has(v);
    return {
      initializers: new Map([...this.initializers].filter(([v]) => stays(v))),
      nodes: this.nodes.filter((n) => n.outputs.some(stays)),
    };
  }

  private define(v: Value, dtype: DType): Value {
    const made = dtype === v.dtype ? v : { ...v, dtype };
    this.values.set(v, made);
    return made;
  }

  private attrsOf(node: Node): Node["attrs"] {
    const [out] = node.outputs;
    const dtype = out && this.was.get(out.name);
    if (!dtype) return node.attrs;
    const held = heldBy(node);
    const at = opOf(node.op, node.domain)?.holds;
    if (held && at) return { ...node.attrs, [at]: rounded(out.name, held, dtype) };
    if ("to" in node.attrs) return { ...node.attrs, to: dtype };
    const { value } = node.attrs;
    const filling = typeof value === "object" && "data" in value ? value : undefined;
    return filling ? { ...node.attrs, value: rounded(out.name, filling, dtype) } : node.attrs;
  }

  /** Inputs of the types that the operator takes together: what is free follows the others, and the rest is cast. */
  private fitted(node: Node, inputs: readonly (Value | null)[]): readonly (Value | null)[] {
    if (this.takes(node, inputs)) return inputs;
    const floats = inputs.filter((x): x is Value => !!x && isFloat(x.dtype));
    const { dtype } = floats.find((x) => !this.free.has(x)) ?? floats[0];
    return inputs.map((x) => (!x || !isFloat(x.dtype) || x.dtype === dtype ? x : this.as(x, dtype)));
  }

  private takes(node: Node, inputs: readonly (Value | null)[]): boolean {
    const byName = new Map(inputs.flatMap((x) => (x ? [[x.name, x] as const] : [])));
    const step = { ...node, inputs: inputs.map((x) => x?.name ?? ""), outputs: node.outputs.map((o) => o?.name ?? "") };
    try {
      checkTypes(step, (name) => byName.get(name)!, LOADED.opset);
      return true;
    } catch (e) {
      if (e instanceof EspalierError) return false;
      throw e;
    }
  }

  private as(x: Value, dtype: DType): Value {
    const name = this.fresh(`${x.name}/${dtype}`);
    const held = this.free.get(x);
    if (!held) {
      const cast = makeNode("Cast", name, [x], { to: dtype });
      this.nodes.push(cast);
      return cast.outputs[0]!;
    }
    this.replaced.add(x);
    const made = { name, dtype, shape: x.shape };
    this.initializers.set(made, rounded(x.name, held, dtype));
    return made;
  }
}

/**
 * The model in the precision of its file; the same model where that is float32.
 * @throws EspalierError where a number is beyond what that holds
 */
export function asStored(model: Model): Model {
  const rest = restOf(model);
  const was = rest?.precision;
  if (!rest || !was?.size) return model;
  const { graph } = model;
  const rounding = new Rounding(graph, was);
  const inputs = graph.inputs.map((v) => rounding.input(v));
  for (const [v, t] of graph.initializers) rounding.store(v, t);
  for (const n of graph.nodes) rounding.node(n);
  const outputs = graph.outputs.map((v) => rounding.output(v));
  const stored: Rest = { ...rest, precision: new Map() };
  return { ...model, rest: stored, graph: { ...graph, inputs, outputs, ...rounding.kept(outputs) } };
}
