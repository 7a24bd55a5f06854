/** The value, prox and gradient of a penalty as functions of named weights. For tests of prox/. */
import { runOnce } from "../../src/engine/engine.ts";
import { node } from "../../src/engine/node.ts";
import { builder } from "../../src/graph/builder.ts";
import { zerosLike } from "../../src/graph/tensor.ts";
import type { Graph, Tensor, Value } from "../../src/graph/types.ts";
import { encode } from "../../src/onnx/write.ts";
import type { Penalty } from "../../src/prox/penalty.ts";

const engine = node({ threads: 1 });

/** Weights by name. */
export type Named = Record<string, Tensor>;

interface PenaltyFunctions {
  value(w: Named): Promise<number>;
  prox(w: Named): Promise<Named>;
  /** Zeros where the penalty does not act. */
  gradient(w: Named): Promise<Named>;
}

/** @param metric of the prox; the plain one when absent */
export async function penaltyFunctions(
  penalty: Penalty,
  graph: Graph,
  { step = 1, metric }: { step?: number; metric?: Named } = {},
): Promise<PenaltyFunctions> {
  const bound = penalty.bind(graph);
  const params = [...graph.initializers.keys()];
  const load = async (emit: (g: ReturnType<typeof builder>, w: Map<Value, Value>) => Map<string, Value>) => {
    const g = builder();
    for (const [name, v] of emit(g, new Map(params.map((p) => [p, g.input(p.name, p.dtype, p.shape)]))))
      g.output(g.Identity(v), `out/${name}`);
    const session = await engine.load(encode(g.build()));
    return async (w: Named) => {
      const out = await runOnce(session, engine, Object.fromEntries(session.inputNames.map((n) => [n, w[n]])));
      return (name: string) => out[`out/${name}`] as Tensor | undefined;
    };
  };
  const named = (values: ReadonlyMap<Value, Value>) => new Map([...values].map(([p, v]) => [p.name, v]));
  const value = await load((g, w) => new Map([["value", bound.value!(g, w)]]));
  const prox = await load((g, w) => {
    const d = metric && new Map(params.map((p) => [p, g.constant(metric[p.name])]));
    const by = [g.scalar(step), g.scalar(1)] as const;
    return named(new Map([...w, ...(d ? bound.proxInMetric!(g, w, d, ...by) : bound.prox(g, w, ...by))]));
  });
  const gradient = bound.gradient && (await load((g, w) => named(bound.gradient!(g, w))));
  const all = (of: (p: Value) => Tensor) => Object.fromEntries(params.map((p) => [p.name, of(p)]));
  return {
    value: async (w) => ((await value(w))("value")!.data as Float32Array)[0],
    async prox(w) {
      const out = await prox(w);
      return all((p) => out(p.name)!);
    },
    async gradient(w) {
      const out = await gradient!(w);
      return all((p) => out(p.name) ?? zerosLike(p));
    },
  };
}
