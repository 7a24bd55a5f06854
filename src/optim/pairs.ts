/** Which optimizer goes with which penalty: the proximal subproblem must be solvable in the optimizer's metric. */
import { UsageError } from "../error.ts";
import { listed, named, say } from "../message.ts";
import type { Way } from "../ways.ts";
import type { Optimizer } from "./optimizer.ts";

/** What a pair asks of a penalty. */
interface Partner {
  readonly name: string;
  readonly ways: readonly Way[];
}

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

/** The first thing that an optimizer asks for in vain. */
const unmet = (optimizer: Optimizer, { ways }: Partner): readonly Way[] | undefined =>
  needs(optimizer).find((some) => !some.some((way) => ways.includes(way)));

/** True when the pair has a well-defined step. */
export const goTogether = (optimizer: Optimizer, penalty: Partner): boolean =>
  optimizer.prox !== undefined && unmet(optimizer, penalty) === undefined;

/** Why a step that asks for a way in vain is not defined. */
const reasons: Readonly<Record<Way, string>> = {
  prox: "the penalty's proximal map runs on the host, and this step does not leave the graph",
  metric: "there is no closed form or solver for the penalty's proximal map in the metric of an adaptive step",
  gradient: "the penalty has no gradient, which a stage of this optimizer follows",
  host: "the penalty's proximal map does not run on the host",
};

/** The names that go with each side of a pair. */
interface Partners {
  readonly ofOptimizer: readonly string[];
  readonly ofPenalty: readonly string[];
}

/**
 * @param partners what each side does go with, for who knows all methods; a library user may have loaded one of them alone
 * @throws UsageError for an undefined pair, saying why
 */
export function checkPair(optimizer: Optimizer, penalty: Partner | undefined, partners?: () => Partners): void {
  if (!penalty || goTogether(optimizer, penalty)) return;
  const list = (names: readonly string[]) => (names.length > 0 ? listed(names) : "none: it has no proximal step");
  const [name, other] = [named(optimizer.name), named(penalty.name)];
  const own = optimizer.form ? say`${name} in the form ${named(optimizer.form)}` : say`${name}`;
  const known = partners?.();
  const decays = optimizer.prox === undefined && optimizer.options["weightDecay"] !== undefined;
  throw new UsageError(
    "conflict",
    optimizer.prox === undefined
      ? say`${name} has no proximal step, so it cannot take the penalty ${other}`
      : say`${own} with ${other} is not defined: ${reasons[unmet(optimizer, penalty)![0]]}`,
    {
      got: say`${own} with ${other}`,
      ...(known && {
        "the optimizer goes with": list(known.ofOptimizer),
        "the penalty goes with": list(known.ofPenalty),
      }),
    },
    decays
      ? say`leave the penalty out; ${name} takes ${named("weightDecay")}`
      : known
        ? undefined
        : `goesWith("${optimizer.name}") and goesWith("${penalty.name}") list what does`,
  );
}
