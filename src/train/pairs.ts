/** Which optimizer goes with which penalty: the proximal subproblem must be solvable in the optimizer's metric. */

import { UsageError } from "../error.ts";
import { listed, named, say } from "../message.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { Penalty, Way } from "../prox/penalty.ts";
import { optimizers, penalties } from "./catalogue.ts";

/** What each kind of step asks of a penalty: one of the ways in each list. Empty: it takes none. */
function needs(optimizer: Optimizer): readonly (readonly Way[])[] {
  if (optimizer.prox === undefined) return [];
  const rules = [optimizer, ...Object.values(optimizer.kinds ?? {}).map((kind) => ({ ...optimizer, ...kind }))];
  return rules.map(({ penaltyBy, adaptive, project }) => {
    if (penaltyBy === "gradient") return ["gradient"];
    if (adaptive) return ["metric"];
    return project ? ["prox"] : ["prox", "host"];
  });
}

/** True when the pair has a well-defined step. */
function defined(optimizer: Optimizer, { ways }: Penalty): boolean {
  const all = needs(optimizer);
  return all.length > 0 && all.every((some) => some.some((way) => ways.includes(way)));
}

/** @throws UsageError for an undefined pair, with those that are */
export function checkPair(optimizer: Optimizer, penalty: Penalty | undefined): void {
  if (!penalty || defined(optimizer, penalty)) return;
  const list = (names: readonly string[]) => (names.length > 0 ? listed(names) : "none: it has no proximal step");
  const { form, weightDecay } = optimizer.options;
  const [name, other] = [named(optimizer.name), named(penalty.name)];
  const own = form ? say`${name} in the form ${String(form)}` : say`${name}`;
  throw new UsageError(
    optimizer.prox === undefined
      ? say`${name} has no proximal step, so it cannot take the penalty ${other}`
      : say`${own} with ${other} is not defined: ${reason(optimizer, penalty)}`,
    {
      got: say`${own} with ${other}`,
      "the optimizer goes with": list(penalties.filter((p) => defined(optimizer, p)).map((p) => p.name)),
      "the penalty goes with": list(goesWith(penalty.name)),
    },
    weightDecay === undefined ? undefined : say`leave the penalty out; ${name} takes ${named("weightDecay")}`,
  );
}

/**
 * The penalties that go with an optimizer, or the optimizers that go with a penalty, by their names in the library; what holds
 * for one form of an optimizer only has it behind the name: "proxSgd (unit)".
 */
export function goesWith(name: string): string[] {
  const forms = optimizers.filter((o) => o.name === name);
  if (forms.length > 0)
    return penalties.flatMap((p) =>
      ofForms(
        p.name,
        forms,
        forms.filter((o) => defined(o, p)),
      ),
    );
  const penalty = penalties.find((p) => p.name === name);
  if (!penalty) return [];
  return [...new Set(optimizers.map((o) => o.name))].flatMap((each) => {
    const all = optimizers.filter((o) => o.name === each);
    return ofForms(
      each,
      all,
      all.filter((o) => defined(o, penalty)),
    );
  });
}

/** The name, with the forms for which it holds where that is not all of them. */
function ofForms(name: string, all: readonly Optimizer[], holds: readonly Optimizer[]): string[] {
  if (holds.length === 0) return [];
  return [holds.length === all.length ? name : `${name} (${holds.map((o) => o.options["form"]).join(", ")})`];
}

function reason(optimizer: Optimizer, { ways }: Penalty): string {
  const missing = needs(optimizer).find((some) => !some.some((way) => ways.includes(way)))!;
  if (missing[0] === "gradient") return "the penalty has no gradient, which a stage of this optimizer follows";
  if (missing[0] === "metric")
    return "there is no closed form or solver for the penalty's proximal map in the metric of an adaptive step";
  return "the penalty's proximal map runs on the host, and this step does not leave the graph";
}
