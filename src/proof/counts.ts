/**
 * Whether means over fewer channels are still means over as many: what went was zero, so the sum is the same, and what it is divided
 * by must be the number of all.
 */
import { atBatch } from "../graph/bind.ts";
import type { Model } from "../graph/types.ts";
import { producers } from "../graph/walk.ts";
import type { Certificate } from "./certificate.ts";
import type { Case } from "./claims.ts";
import { proofRuleOf } from "./rules/index.ts";
import type { Making } from "./rules/rule.ts";
import { callOf } from "./walks.ts";

/** @returns one line for each operator that divides by another number in the small model */
export function counts({ graph, facts }: Case, model: Model, { replaced }: Certificate): string[] {
  const small = atBatch(model, 2);
  const [makers, fullMakers] = [producers(small), producers(graph)];
  const byName = new Map(small.nodes.flatMap((n) => n.outputs.flatMap((o) => (o ? [[o.name, n] as const] : []))));
  const constant = new Set(replaced.map((r) => r.value));
  return graph.nodes.flatMap((node) => {
    const { dividesByAll } = proofRuleOf(node);
    const name = node.outputs[0]?.name ?? "";
    const now = byName.get(name);
    if (!dividesByAll || !now || constant.has(name)) return [];
    const [made, stood] = [makers, fullMakers].map(
      (all): Making =>
        (v) =>
          v ? all.get(v) : undefined,
    );
    if (dividesByAll(callOf(node, facts), now, made, stood)) return [];
    return [`${node.op} "${node.name}" divides by another number of elements`];
  });
}
