/** Decides each claim of a certificate by what is known and needed in the full model. */
import type { Allowance } from "../graph/allowance.ts";
import type { Graph, Node, Value } from "../graph/types.ts";
import { consumers } from "../graph/walk.ts";
import { type Certificate, indices, type Reason, type RemovedSlices } from "./certificate.ts";
import { walkAllowance, within } from "./effort.ts";
import { alongAxis, highest } from "./need.ts";
import { NEED } from "./rules/rule.ts";
import { type FactMap, factsOf, type Needs, needsOf, storedByName, varying } from "./walks.ts";

type Readers = ReadonlyMap<Value, readonly Node[]>;

/** One claim and what became of it. */
export interface Verdict {
  /** `step 1: b axis 0 index 0,3 (unread)` */
  readonly claim: string;
  readonly proved: boolean;
  /** Why it is not proved. */
  readonly why?: string;
}

/** The full model as a proof sees it. */
export interface Case {
  readonly graph: Graph;
  readonly facts: FactMap;
  readonly needs: Needs;
  readonly verdicts: readonly Verdict[];
  /** Whether a walk ended early: it would have taken more steps than are allowed. */
  readonly ended: boolean;
}

const LEVELS: Record<Reason, number> = { unread: NEED.unread, zero: NEED.zero, "folded constant": NEED.constant };
const FOUND: Record<number, string> = {
  [NEED.zero]: 'what meets it is zero only because a channel is, so the reason is at least "zero"',
  [NEED.constant]: 'it belongs to a channel that is constant but not zero, so the reason is "folded constant"',
};

/**
 * Judges every claim. A replaced value that is not proved constant takes nobody's place in the judgement of the others.
 * @param other the graph at another batch size, where it has one
 */
export function judge(graph: Graph, other: Graph | undefined, { removed, replaced }: Certificate): Case {
  const walks: Allowance[] = [];
  const walk = () => {
    walks.push(walkAllowance(graph));
    return walks.at(-1)!;
  };
  const facts = factsOf(graph, other, walk());
  const byName = new Map([...facts.keys()].map((v) => [v.name, v]));
  const readers = consumers(graph);
  const allowance = walk();
  const alsoBy = new Set(replaced.filter((r) => r.by === "constant").map((r) => r.value));
  const taken = new Map<Value, "constant" | "nothing">();
  for (const r of replaced) {
    const v = byName.get(r.value);
    if (v) taken.set(v, alsoBy.has(r.value) ? "constant" : "nothing");
  }
  let needs = needsOf(graph, facts, taken, undefined, walk());
  const faults = new Map<string, string>();
  for (let known = -1; known < faults.size; ) {
    known = faults.size;
    for (const { value, by } of replaced) {
      const v = byName.get(value);
      const why = v
        ? within(
            allowance,
            () => replacementFault(v, by, facts, needs),
            () => "it would take too long to tell whether it is constant",
          )
        : "the model has no such value";
      if (!why) continue;
      faults.set(`${value} by ${by}`, why);
      if (v) taken.delete(v);
    }
    if (faults.size > known) needs = needsOf(graph, facts, taken, undefined, walk());
  }
  const judged = replaced.map(({ step, value, by }) =>
    verdict(`step ${step}: ${value} by ${by}`, faults.get(`${value} by ${by}`)),
  );
  const tensors = storedByName(graph);
  const slices = removed.map((r) => {
    const claim = `step ${r.step}: ${r.tensor} axis ${r.axis ?? "—"} index ${r.index} (${r.reason})`;
    const v = tensors.get(r.tensor)?.value;
    return verdict(claim, v ? removalFault(readers, v, r, needs) : "the model has no such tensor");
  });
  return { graph, facts, needs, verdicts: [...judged, ...slices], ended: walks.some((w) => w.short) };
}

const verdict = (claim: string, why: string | undefined): Verdict =>
  why === undefined ? { claim, proved: true } : { claim, proved: false, why };

/** What is wrong with the claim that a slice can go. */
function removalFault(readers: Readers, v: Value, r: RemovedSlices, needs: Needs): string | undefined {
  if (!Object.hasOwn(LEVELS, r.reason)) return `"${r.reason}" is no reason`;
  const need = needs.of(v);
  // a tensor goes as a whole for the reasons of its parts; what is left does not read it
  if (r.axis === null) return level(highest(need), NEED.constant, readers, v);
  if (!Number.isInteger(r.axis) || r.axis < 0 || r.axis >= v.shape.length) return `it has ${v.shape.length} axes`;
  const at = indices(r.index, v.shape[r.axis]);
  if (!at) return `its axis ${r.axis} has ${v.shape[r.axis]} indices`;
  if (at.length !== r.count) return `these are ${at.length} indices, not ${r.count}`;
  const slices = alongAxis(need, r.axis);
  const worst = at.reduce((most, i) => Math.max(most, slices[slices.length === 1 ? 0 : i]), 0);
  return level(worst, LEVELS[r.reason], readers, v);
}

function level(found: number, claimed: number, readers: Readers, v: Value): string | undefined {
  if (found <= claimed) return undefined;
  if (found < NEED.live) return FOUND[found];
  const texts = (readers.get(v) ?? []).map((n) => `${n.op} "${n.name}"`);
  return texts.length ? `an output depends on it through ${[...new Set(texts)].join(", ")}` : "it is an output";
}

/** What is wrong with the claim that a constant, or nothing, can take a value's place. */
function replacementFault(v: Value, by: string, facts: FactMap, needs: Needs): string | undefined {
  const need = needs.of(v);
  if (varying(need, facts.get(v)!).level.includes(NEED.live)) return "it is not known to be constant";
  if (by === "constant") return undefined;
  if (by !== "nothing") return `"${by}" is no replacement`;
  return needs.skipped(v) || !need.level.includes(NEED.live) ? undefined : "what reads it needs its constant";
}
