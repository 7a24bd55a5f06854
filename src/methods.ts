/**
 * Every method, once: each is a line in the imports, in its table and in the list of public names, and its file says the rest.
 * Settings, documents, comparisons, benchmarks and the tests' tables are made from these tables.
 */
import { aList, aMethod, anObject, anOptimizer, aPenalty, maybe, wants } from "./given.ts";
import { lorita } from "./lowrank/lorita.ts";
import { optionSpecs } from "./method.ts";
import { adam, adamw } from "./optim/adam.ts";
import type { OptimizerMethod } from "./optim/define.ts";
import { grda } from "./optim/grda.ts";
import { hspg } from "./optim/hspg.ts";
import { magnitude } from "./optim/magnitude.ts";
import type { Optimizer } from "./optim/optimizer.ts";
import { checkPair, goTogether } from "./optim/pairs.ts";
import { proxGen } from "./optim/prox-gen.ts";
import { proxSgd } from "./optim/prox-sgd.ts";
import { proxSsi } from "./optim/prox-ssi.ts";
import { ramda } from "./optim/ramda.ts";
import { rda } from "./optim/rda.ts";
import { rigl } from "./optim/rigl.ts";
import { rmda } from "./optim/rmda.ts";
import { sgd } from "./optim/sgd.ts";
import type { PenaltyMethod } from "./prox/define.ts";
import { groupLasso } from "./prox/group-lasso.ts";
import { groupMcp } from "./prox/group-mcp.ts";
import { lHalf } from "./prox/l-half.ts";
import { l0 } from "./prox/l0.ts";
import { l1 } from "./prox/l1.ts";
import { l2 } from "./prox/l2.ts";
import { nm } from "./prox/nm.ts";
import { nuclear } from "./prox/nuclear.ts";
import type { Penalty } from "./prox/penalty.ts";
import { sef, wgsef } from "./prox/wgsef.ts";

/** Every optimizer by its name, in the order in which documents show them. */
export const optimizers = {
  sgd,
  adam,
  adamw,
  rmda,
  ramda,
  rda,
  proxSgd,
  proxSsi,
  proxGen,
  grda,
  hspg,
  rigl,
  magnitude,
};

/** Every penalty by its name, in the order in which documents show them. */
export const penalties = { groupLasso, groupMcp, wgsef, sef, l1, l0, lHalf, l2, nuclear, nm };

/** What makes low rank beside the penalties. */
export const lowRankMethods = { lorita };

/** The public names: a user who imports one of them loads no other. */
export {
  adam,
  adamw,
  grda,
  groupLasso,
  groupMcp,
  hspg,
  l0,
  l1,
  l2,
  lHalf,
  magnitude,
  nm,
  nuclear,
  proxGen,
  proxSgd,
  proxSsi,
  ramda,
  rda,
  rigl,
  rmda,
  sef,
  sgd,
  wgsef,
};

/**
 * The optimizer of a run that names none: `composed` where layers are composed of several maps, `trained` where trained weights are
 * steered to a size, which dual averaging would forget, as its point is made anew of sums of gradients.
 */
export const usualOptimizer = { plain: "rmda", composed: "adam", trained: "proxSgd" } as const satisfies Record<
  string,
  keyof typeof optimizers
>;

/**
 * What goes with `usualOptimizer.trained`: a cosine from this lr. It is that of fine-tuning by momentum SGD, 0.02, times ten, as the running
 * mean of gradients is a tenth of momentum's sum; it falls to zero once before the cut and once behind it. That mean begins at
 * zero, which is warm-up enough for weights that somebody trained.
 * ```ts
 * train(model, data, { optimizer: proxSgd(), schedule: cosine({ lr: usualSteering.lr }), target: structureTarget({ keep: 0.3 }), … });
 * ```
 */
export const usualSteering = { lr: 0.2, schedule: "cosine" } as const;

export type OptimizerName = keyof typeof optimizers;
export type PenaltyName = keyof typeof penalties;

/** An optimizer in each of its forms, with its defaults. */
export function formsOf(method: OptimizerMethod): Optimizer[] {
  wants("formsOf", ["method", aMethod, method], ["method.forms", aList, method, "forms"]);
  return method.forms.map(({ form }) => method.of(form === undefined ? {} : { form }));
}

/** A penalty as an example: where an option is not said and has no default, with the value to begin with. */
export function exampleOf(method: PenaltyMethod, said: Readonly<Record<string, unknown>> = {}): Penalty {
  wants(
    "exampleOf",
    ["method", aMethod, method],
    ["method.options", anObject, method, "options"],
    ["said", anObject, said],
  );
  const starts = Object.entries(optionSpecs(method.options)).flatMap(([name, { start }]) =>
    start === undefined ? [] : [[name, start] as const],
  );
  return method.of({ ...Object.fromEntries(starts), ...method.example, ...said });
}

/**
 * The penalties that go with an optimizer, or the optimizers that go with a penalty, by their names in the library; what holds
 * for one form of an optimizer only has it behind the name: "proxSgd (unit)".
 */
export function goesWith(name: string): string[] {
  const optimizer: OptimizerMethod | undefined = optimizers[name as OptimizerName];
  const penalty: PenaltyMethod | undefined = penalties[name as PenaltyName];
  if (optimizer) return Object.values(penalties).flatMap((p) => shared(p.name, optimizer, exampleOf(p)));
  return penalty ? Object.values(optimizers).flatMap((o) => shared(o.name, o, exampleOf(penalty))) : [];
}

/** A name, with the forms of an optimizer that go with a penalty where that is not all of them. */
function shared(name: string, method: OptimizerMethod, penalty: Penalty): string[] {
  const forms = formsOf(method);
  const holds = forms.filter((o) => goTogether(o, penalty));
  if (holds.length === 0) return [];
  return [holds.length === forms.length ? name : `${name} (${holds.map((o) => o.form).join(", ")})`];
}

/** @throws UsageError for a pair that is not defined, with those that are */
export function checkMethods(optimizer: Optimizer, penalty: Penalty | undefined): void {
  wants("checkMethods", ["optimizer", anOptimizer, optimizer], ["penalty", maybe(aPenalty), penalty]);
  checkPair(optimizer, penalty, () => ({
    ofOptimizer: Object.values(penalties)
      .map((p) => exampleOf(p))
      .flatMap((p) => (goTogether(optimizer, p) ? [p.name] : [])),
    ofPenalty: penalty ? goesWith(penalty.name) : [],
  }));
}
