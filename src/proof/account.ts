/**
 * Whether a small model is what a certificate leaves of the full one: every stored tensor of the full model is there
 * without the slices that went, and otherwise the same. Beside a folded constant, biases hold more than before.
 */
import { numbers, size } from "../graph/tensor.ts";
import type { Graph, Model, Tensor, Value } from "../graph/types.ts";
import { consumers } from "../graph/walk.ts";
import { type Certificate, indices } from "./certificate.ts";
import { places } from "./field.ts";
import { proofRuleOf } from "./rules/index.ts";
import { NEED } from "./rules/rule.ts";
import type { Needs } from "./walks.ts";

/** @returns one line for each tensor that is not as the certificate leaves it */
export function account(full: Graph, small: Model, { removed }: Certificate, needs: Needs): string[] {
  const left = new Map([...small.graph.initializers].map(([v, t]) => [v.name, t]));
  const whole = new Set(removed.filter((r) => r.axis === null).map((r) => r.tensor));
  const folded = removed.some((r) => r.reason === "folded constant");
  const problems: string[] = [];
  for (const [v, t] of full.initializers) {
    const now = left.get(v.name);
    if (whole.has(v.name) === (now === undefined)) {
      const fault = now && compare(full, v, t, now, { removed, needs, folded });
      if (fault) problems.push(`${v.name} ${fault}`);
    } else
      problems.push(now ? `${v.name} is still there` : `${v.name} is missing, and the certificate does not say so`);
  }
  return problems;
}

interface Context {
  readonly removed: Certificate["removed"];
  readonly needs: Needs;
  /** Whether constants moved into biases. */
  readonly folded: boolean;
}

function compare(
  full: Graph,
  v: Value,
  t: Tensor,
  now: Tensor,
  { removed, needs, folded }: Context,
): string | undefined {
  const gone = v.shape.map(() => new Set<number>());
  for (const r of removed)
    if (r.tensor === v.name && r.axis !== null)
      for (const i of indices(r.index, v.shape[r.axis] ?? 0) ?? []) gone[r.axis].add(i);
  const shape = v.shape.map((d, i) => d - gone[i].size);
  if (shape.join() !== now.shape.join() || now.dtype !== t.dtype)
    return `is [${now.shape}], and the certificate leaves [${shape}]`;
  if (folded && isAddend(full, v)) return undefined;
  const need = needs.of(v);
  const level = places(need.shape, v.shape);
  const [old, fresh] = [numbers(t), numbers(now)];
  let next = 0;
  for (let i = 0; i < old.length; i++) {
    const stays = v.shape.every((d, axis) => !gone[axis].has(Math.floor(i / size(v.shape.slice(axis + 1))) % d));
    if (!stays) continue;
    // what no output depends on, or only for its constant, may be anything
    if (
      old[i] !== fresh[next] &&
      !(Number.isNaN(old[i]) && Number.isNaN(fresh[next])) &&
      need.level[level[i]] === NEED.live
    )
      return "holds other numbers";
    next++;
  }
  return undefined;
}

/** Whether a stored tensor is a bias: added to what a weight makes. */
const isAddend = (graph: Graph, v: Value): boolean =>
  (consumers(graph).get(v) ?? []).some((n) => proofRuleOf(n).neutral?.(n.inputs.indexOf(v)) === 0);
