/** The IR's specification, as a function: all violations of a graph, as data. */
import { inferNode } from "./infer.ts";
import { opOf } from "./ops/index.ts";
import { sameShape, size, typeText } from "./tensor.ts";
import type { Graph, Value } from "./types.ts";

export interface Issue {
  readonly where: string;
  readonly what: string;
}

/** An empty list means: every value is made once before it is read, names are unique, types follow the table. */
export function check(graph: Graph): Issue[] {
  const issues: Issue[] = [];
  const report = (where: string, what: string) => issues.push({ where, what });
  const ready = new Set<Value>();
  const names = new Set<string>();
  const define = (v: Value, where: string) => {
    if (names.has(v.name)) report(where, `the name ${v.name} is used twice`);
    names.add(v.name);
    ready.add(v);
  };
  for (const v of graph.inputs) define(v, "inputs");
  for (const [v, t] of graph.initializers) {
    if (!ready.has(v)) define(v, "initializers");
    if (t.dtype !== v.dtype || !sameShape(t.shape, v.shape) || t.data.length !== size(t.shape))
      report(v.name, `is ${typeText(v)} but holds ${typeText(t)}`);
  }
  for (const n of graph.nodes) {
    for (const x of n.inputs) if (x && !ready.has(x)) report(n.name, `reads ${x.name} before it is made`);
    if (opOf(n.op, n.domain)) {
      try {
        const { outputs } = inferNode(n.op, n.domain, n.name, n.inputs, n.attrs);
        n.outputs.forEach((o, i) => {
          if (o && (outputs[i]?.dtype !== o.dtype || !sameShape(outputs[i].shape, o.shape)))
            report(n.name, `output ${i} is ${typeText(o)}, the table says ${outputs[i] && typeText(outputs[i])}`);
        });
      } catch (e) {
        report(n.name, (e as Error).message);
      }
    }
    for (const o of n.outputs) if (o) define(o, n.name);
  }
  for (const v of graph.outputs) if (!ready.has(v)) report("outputs", `${v.name} is never made`);
  return issues;
}
