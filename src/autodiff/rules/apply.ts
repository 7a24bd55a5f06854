/** Applies the rule of a node's operator, whatever its kind, so that the walker sees one form. */
import type { Builder } from "../../graph/builder.ts";
import { type AnySite, opSiteOf, ruleIn } from "../../graph/op-site.ts";
import type { Node, Shape, Value } from "../../graph/types.ts";
import { expand } from "../fit.ts";
import { broadcasting, rules } from "./index.ts";
import type { Linear, Missing } from "./rule.ts";

/** The gradient of one input: `dx`, repeated to the shape `spread` where it is smaller, times `factor`. */
export interface Part {
  readonly dx: Value;
  readonly spread: Shape;
  readonly factor: number;
}

/** A rule of any operator. */
type AnyRule = Linear | ((g: Builder, site: AnySite, dy: unknown) => readonly (Value | null)[] | Missing);

/** @param dy gradient of each output, null where nothing used it; may still broadcast to the output's shape */
export function applyRule(g: Builder, node: Node, dy: readonly (Value | null)[]): readonly (Part | null)[] | Missing {
  const rule = ruleIn<AnyRule>(rules, node);
  if (!rule) return { without: "" };
  const [y] = node.outputs;
  if ("factors" in rule)
    return node.inputs.map((_, i) => {
      const factor = rule.factors[Math.min(i, rule.factors.length - 1)];
      return factor === 0 ? null : { dx: dy[0]!, spread: y!.shape, factor };
    });

  const lazy = broadcasting.has(node.op);
  const given = lazy ? dy : dy.map((d, i) => d && expand(g, d, node.outputs[i]!.shape));
  const site = opSiteOf(node);
  const dx = rule(g, site, Array.isArray(site.out) ? given : given[0]);
  return "without" in dx ? dx : dx.map((d) => d && { dx: d, spread: lazy ? y!.shape : [], factor: 1 });
}
