/**
 * Operators beyond the table that read as a few operators of it: those that ONNX Runtime's transformer optimizer puts in the place
 * of standard ones, and those that ONNX itself defines by others.
 */
import { EspalierError } from "../../error.ts";
import { type Builder, builder } from "../../graph/builder.ts";
import { heldBy } from "../../graph/nodes.ts";
import { opOf } from "../../graph/ops/index.ts";
import type { Node, Value } from "../../graph/types.ts";
import { withoutUnread } from "../../graph/walk.ts";
import type { Context, Step } from "../canonical.ts";
import { activationExpansions } from "./activation.ts";
import { Attention } from "./attention.ts";
import { CastLike } from "./cast-like.ts";
import { Einsum } from "./einsum.ts";
import { type Expansion, type ExpansionSite, refuse } from "./expansion.ts";
import { fusedAttention } from "./fused-attention.ts";
import { GroupQueryAttention } from "./group-query.ts";
import { linearExpansions } from "./linear.ts";
import { normalizationExpansions } from "./normalization.ts";
import { fusedRotaryEmbedding, RotaryEmbedding } from "./rotary.ts";
import { generating, untrainable } from "./untrainable.ts";

const MICROSOFT = "com.microsoft";

const { LayerNormalization, SimplifiedLayerNormalization, ...microsoftNorms } = normalizationExpansions;

/** By domain. ONNX Runtime has two normalizations of its own in the standard domain. */
const expansions: Readonly<Record<string, Readonly<Record<string, Expansion>>>> = {
  "": { Attention, CastLike, Einsum, LayerNormalization, RotaryEmbedding, SimplifiedLayerNormalization },
  [MICROSOFT]: {
    ...activationExpansions,
    ...fusedAttention,
    ...linearExpansions,
    ...microsoftNorms,
    GroupQueryAttention,
    RotaryEmbedding: fusedRotaryEmbedding,
  },
};

/** The same of one of the table, where somebody reads an output that it has in ONNX but not there. */
function withEveryOutput(step: Step, context: Context): Expansion | undefined {
  const more = step.outputs.some((_, at) => at > 0 && isRead(step, context, at));
  if (!more || opOf(step.op, step.domain)?.multi !== false) return undefined;
  return Object.hasOwn(expansions[""], step.op) ? expansions[""][step.op] : undefined;
}

/** What an operator is a name for; undefined for those of the table, as far as the opset has them, and unknown ones. */
export function expansionOf(op: string, domain: string, opset: number): Expansion | undefined {
  if (!Object.hasOwn(expansions, domain) || !Object.hasOwn(expansions[domain], op)) return undefined;
  const entry = opOf(op, domain);
  return entry && opset >= (entry.since ?? 0) ? undefined : expansions[domain][op];
}

const nameOf = ({ op, domain }: Step): string => (domain ? `${domain}.${op}` : op);

/** @throws EspalierError for an operator whose weights are stored in a form that does not train */
function checkTrainable(step: Step): void {
  if (step.domain !== MICROSOFT) return;
  if (Object.hasOwn(generating, step.op))
    throw new EspalierError(
      "unsupported",
      `${nameOf(step)} ${generating[step.op]}`,
      { node: step.name },
      "export the model without a cache (use_cache=False), not by ONNX Runtime's model builder",
    );
  if (!Object.hasOwn(untrainable, step.op)) return;
  throw new EspalierError(
    "unsupported",
    `${nameOf(step)} ${untrainable[step.op]}`,
    { node: step.name },
    "give the model as it was before it was quantized, or quantized by QuantizeLinear and DequantizeLinear alone",
  );
}

/** @throws EspalierError for inputs and attributes that the operator does not have */
function checkSite(step: Step, { inputs: [least, most], absent = [], attrs }: Expansion): void {
  const operator = nameOf(step);
  const missing = step.inputs.slice(0, least).findIndex((x, i) => !x && !absent.includes(i));
  if (missing >= 0 || step.inputs.length < least || step.inputs.length > most)
    throw new EspalierError("mismatch", `${operator} has the wrong number of inputs`, {
      node: step.name,
      inputs: step.inputs.map((x) => x || "—").join(", "),
      wanted: least === most ? least : `${least} to ${most}`,
    });
  for (const [name, value] of Object.entries(step.attrs)) {
    if (value === undefined) continue;
    const def = Object.hasOwn(attrs, name) ? attrs[name] : undefined;
    const kind = Array.isArray(value) ? "list" : typeof value;
    const wanted = def && (def.type === "string" ? "string" : def.type === "ints" ? "list" : "number");
    if (!def || kind !== wanted || (def.values && !def.values.includes(value)))
      throw new EspalierError("unsupported", `${operator} has an attribute that Espalier does not know`, {
        node: step.name,
        attribute: name,
        got: kind === "object" ? "bytes" : String(value),
        wanted: def?.values?.join(", ") ?? wanted ?? (Object.keys(attrs).join(", ") || "no attribute"),
      });
  }
}

function siteOf(g: Builder, step: Step, expansion: Expansion, context: Context): ExpansionSite {
  const values = new Map<string, Value>();
  const input = (name: string): Value => {
    const { dtype, shape } = context.type(name);
    const v = values.get(name) ?? g.input(name, dtype, shape);
    values.set(name, v);
    return v;
  };
  const attr = (name: string) => step.attrs[name] ?? expansion.attrs[name].default;
  return {
    operator: nameOf(step),
    node: step.name,
    opset: context.opset,
    in: Array.from({ length: expansion.inputs[1] }, (_, i) => (step.inputs[i] ? input(step.inputs[i]) : null)),
    number: (name) => (attr(name) ?? 0) as number,
    text: (name) => attr(name) as string,
    list: (name) => attr(name) as readonly number[] | undefined,
    read: (at) => isRead(step, context, at),
  };
}

const isRead = (step: Step, context: Context, at: number): boolean =>
  !!step.outputs[at] && context.read(step.outputs[at]);

/** The nodes that a builder holds as steps, under names that are new in the file. */
function stepsOf(nodes: readonly Node[], made: ReadonlyMap<Value, string>, step: Step, context: Context): Step[] {
  const names = new Map(made);
  const nameOfValue = (v: Value | null): string => (v ? (names.get(v) ?? v.name) : "");
  return nodes.map((node): Step => {
    for (const o of node.outputs) if (o && !names.has(o)) names.set(o, context.fresh(`${step.name}/${o.name}`));
    const outputs = node.outputs.map(nameOfValue);
    const own = outputs[0] === step.outputs[0] ? step.name : outputs[0];
    return {
      ...step,
      domain: node.domain,
      op: node.op,
      name: own,
      inputs: node.inputs.map(nameOfValue),
      outputs,
      attrs: node.attrs,
    };
  });
}

/**
 * The steps that stand for a node of an operator beyond the table; undefined where it has no expansion.
 * @throws EspalierError for settings that cannot be said in operators of the table, by their names
 */
export function expandedSteps(step: Step, context: Context): readonly Step[] | undefined {
  checkTrainable(step);
  const expansion = expansionOf(step.op, step.domain, context.opset) ?? withEveryOutput(step, context);
  if (!expansion) return undefined;
  checkSite(step, expansion);
  const g = builder(step.name);
  const site = siteOf(g, step, expansion, context);
  const outputs = expansion.emit(g, site);
  const made = new Map<Value, string>();
  step.outputs.forEach((name, at) => {
    const v = outputs[at];
    if (at > 0 && !isRead(step, context, at)) return;
    if (!v) refuse(site, `its output ${at} read`);
    const taken = made.has(v) || site.in.includes(v) || g.build().nodes.some((n) => heldBy(n) && n.outputs[0] === v);
    const own = taken ? g.Identity(v) : v;
    made.set(own, name);
    g.output(own);
  });
  return stepsOf(withoutUnread(g.build()).nodes, made, step, context);
}
