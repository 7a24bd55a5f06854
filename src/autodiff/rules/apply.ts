/** Applies the rule of a node's operator, whatever its kind, so that the walker sees one form. */
import type { Builder } from "../../graph/builder.ts";
import { ops } from "../../graph/ops/index.ts";
import type { Attrs, Node, Shape, Value } from "../../graph/types.ts";
import { expand } from "../fit.ts";
import { broadcasting, type Differentiable, rules } from "./index.ts";
import type { Linear, Missing } from "./rule.ts";

/** The gradient of one input: `dx`, repeated to the shape `spread` where it is smaller, times `factor`. */
export interface Part {
  readonly dx: Value;
  readonly spread: Shape;
  readonly factor: number;
}

/** A rule of any operator. */
type AnyRule =
  | Linear
  | ((
      g: Builder,
      site: { in: readonly (Value | null)[]; out: unknown; attrs: Attrs },
      dy: unknown,
    ) => readonly (Value | null)[] | Missing);

/** @param dy gradient of each output, null where nothing used it; may still broadcast to the output's shape */
export function applyRule(g: Builder, node: Node, dy: readonly (Value | null)[]): readonly (Part | null)[] | Missing {
  if (node.domain !== "" || !Object.hasOwn(rules, node.op)) return { without: "" };
  const name = node.op as Differentiable;
  const rule = rules[name] as AnyRule;
  const [y] = node.outputs;
  if ("factors" in rule)
    return node.inputs.map((_, i) => {
      const factor = rule.factors[Math.min(i, rule.factors.length - 1)];
      return factor === 0 ? null : { dx: dy[0]!, spread: y!.shape, factor };
    });

  const lazy = broadcasting.has(name);
  const given = lazy ? dy : dy.map((d, i) => d && expand(g, d, node.outputs[i]!.shape));
  const { multi } = ops[name];
  const site = { in: node.inputs, out: multi ? node.outputs : y, attrs: node.attrs };
  const dx = rule(g, site, multi ? given : given[0]);
  return "without" in dx ? dx : dx.map((d) => d && { dx: d, spread: lazy ? y!.shape : [], factor: 1 });
}
