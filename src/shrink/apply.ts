/** Runs plans until nothing more goes, and records what went in the full model's own numbering. */
import { Allowance, storedElements } from "../graph/allowance.ts";
import { heldBy } from "../graph/nodes.ts";
import type { Graph, Model, Value } from "../graph/types.ts";
import { withoutUnread } from "../graph/walk.ts";
import type { Reason, Replacement } from "../proof/certificate.ts";
import { type Analysis, analyze } from "./analysis.ts";
import { foldConstants } from "./bias.ts";
import { dropColumns } from "./columns.ts";
import { cut } from "./cut.ts";
import { replaceConstant } from "./dead.ts";
import { plan } from "./plan.ts";
import type { Removed } from "./removed.ts";

/** Slices of one tensor of the full model that were removed in one step. */
interface Removal {
  readonly step: number;
  readonly tensor: string;
  /** null: the whole tensor went, because nothing reads it any more. */
  readonly axis: number | null;
  /** Indices along the axis, in the full model. */
  readonly indices: readonly number[];
  readonly reason: Reason;
}

export interface Reduced {
  readonly model: Model;
  readonly removals: readonly Removal[];
  readonly replacements: readonly (Replacement & { readonly step: number })[];
}

/**
 * How many nodes are gone through, step after step, beside one for every few stored elements: what frees one thing after the
 * other in thousands of steps is left unfinished. What is left is right as it is, and another run goes on with it.
 */
const MOST_NODES = 2 ** 15;

/** What a step over a graph takes: its nodes, and some of the indices of its weights' axes. */
function effort({ nodes, initializers }: Graph): number {
  let indices = 0;
  for (const { shape } of initializers.keys()) for (const d of shape) indices += d;
  return nodes.length + indices / 16;
}

/**
 * Removes everything that can go. Pure: the model given is not changed.
 * @param roundTo what widths that lose channels stay multiples of
 */
export function reduce(model: Model, roundTo = 1): Reduced {
  const ledger = new Ledger(model.graph);
  const replacements: (Replacement & { step: number })[] = [];
  const stored = storedElements(model.graph);
  const steps = new Allowance(MOST_NODES + stored / 8);
  const tries = new Allowance(8 * MOST_NODES + stored);
  let graph = withoutUnread(model.graph);
  for (let step = 1; ; step++) {
    if (step > 1 && !steps.take(effort(graph)))
      return { model: { ...model, graph }, removals: ledger.finish(graph, step), replacements };
    const analysis = analyze(graph);
    const replaced = replaceConstant(model, analysis, tries);
    if (replaced) {
      replacements.push({ step, value: replaced.value, by: replaced.by });
      graph = replaced.graph;
      continue;
    }
    const smaller = removeChannels(analysis, step, ledger, roundTo) ?? removeColumns(analysis, step, ledger);
    if (!smaller) return { model: { ...model, graph }, removals: ledger.finish(graph, step), replacements };
    graph = smaller;
  }
}

function removeChannels(analysis: Analysis, step: number, ledger: Ledger, roundTo: number): Graph | undefined {
  const first = plan(analysis, roundTo);
  if (first.size === 0) return undefined;
  if (first.all().every((r) => r === "unread")) {
    ledger.channels(step, analysis, first);
    return cut(analysis, first);
  }
  const folded = analyze(foldConstants(analysis, first));
  const second = plan(folded, roundTo);
  sayReasons(analysis, first, folded, second);
  ledger.channels(step, folded, second);
  return cut(folded, second);
}

/** After folding every channel is unread; the reasons are those of the plan before. */
function sayReasons(before: Analysis, first: Removed, after: Analysis, second: Removed): void {
  for (const v of after.channels.stored.keys())
    v.shape.forEach((_, axis) => {
      const [old, now] = [before.channels.of(v, axis), after.channels.of(v, axis)];
      now?.forEach((c, i) => {
        const reason = old && first.get(old[i]);
        if (reason) second.say(c, reason);
      });
    });
}

function removeColumns(analysis: Analysis, step: number, ledger: Ledger): Graph | undefined {
  const dropped = dropColumns(analysis);
  if (!dropped) return undefined;
  for (const { root, axis } of dropped.weights)
    ledger.slices(step, root.name, axis, (i) => (dropped.mask[i] ? undefined : "unread"));
  return withoutUnread(dropped.graph); // a selection's old indices go
}

/** Knows where each index of each tensor stood in the full model. */
class Ledger {
  private readonly removals: Removal[] = [];
  private readonly stored = new Map<string, Value>();
  /** Of each axis of which an index went: where those that are left stood. */
  private readonly origins = new Map<string, readonly number[]>();
  private readonly full: Graph;

  constructor(full: Graph) {
    this.full = full;
    for (const v of full.initializers.keys()) this.stored.set(v.name, v);
    for (const n of full.nodes) if (heldBy(n)) this.stored.set(n.outputs[0]!.name, n.outputs[0]!);
  }

  channels(step: number, { channels }: Analysis, remove: Removed): void {
    for (const [v, { root }] of channels.stored)
      if (v === root)
        v.shape.forEach((_, axis) => {
          const classes = channels.of(v, axis);
          if (classes?.some((c) => remove.has(c))) this.slices(step, v.name, axis, (i) => remove.get(classes[i]));
        });
  }

  /** @param reason why an index, in today's numbering, goes; undefined = it stays */
  slices(step: number, tensor: string, axis: number, reason: (index: number) => Reason | undefined): void {
    const whole = this.stored.get(tensor);
    if (!whole) return; // a tensor that shrinking itself added
    const key = `${axis} ${tensor}`;
    const origin = this.origins.get(key) ?? Array.from({ length: whole.shape[axis] }, (_, i) => i);
    const by = new Map<Reason, number[]>();
    const stay: number[] = [];
    origin.forEach((old, i) => {
      const why = reason(i);
      if (!why) stay.push(old);
      else if (by.has(why)) by.get(why)!.push(old);
      else by.set(why, [old]);
    });
    for (const [why, indices] of by) this.removals.push({ step, tensor, axis, indices, reason: why });
    this.origins.set(key, stay);
  }

  /** All removals; tensors that nothing reads any more went as a whole. */
  finish(small: Graph, step: number): Removal[] {
    const left = new Set([...small.initializers.keys()].map((v) => v.name));
    const lost = new Set([...this.full.initializers.keys()].map((v) => v.name).filter((name) => !left.has(name)));
    return [
      ...this.removals.filter((r) => !lost.has(r.tensor)),
      ...[...lost].map((tensor): Removal => ({ step, tensor, axis: null, indices: [], reason: "unread" })),
    ];
  }
}
