/**
 * Vectors among the parameters — biases, what norms multiply and add — as one: a step spends as long on starting an operator as on a
 * thousand elements, and an optimizer does the same to every element. The state stays tensor by tensor.
 */
import type { Builder } from "../graph/builder.ts";
import { size } from "../graph/tensor.ts";
import type { Value } from "../graph/types.ts";
import type { Optimizer } from "../optim/optimizer.ts";

/** What an optimizer steps at once: a parameter by itself, or vectors behind one another. */
export interface Unit {
  /** The model's handle; of several parameters, one of their own. */
  readonly param: Value;
  readonly members: readonly Value[];
}

/** The parameters as a step takes them. @param rule with `project`, or with an optimizer that wants them apart, each is by itself */
export function unitsOf(
  params: readonly Value[],
  { apart }: Pick<Optimizer, "apart">,
  { project }: Pick<Optimizer, "project">,
): Unit[] {
  const alone = (param: Value): Unit => ({ param, members: [param] });
  const vectors = params.filter((p) => p.shape.length === 1);
  if (apart || project || vectors.length < 2) return params.map(alone);
  const length = vectors.reduce((n, p) => n + size(p.shape), 0);
  const all: Unit = { param: { name: "vectors", dtype: "float32", shape: [length] }, members: vectors };
  return [...params.filter((p) => p.shape.length !== 1).map(alone), all];
}

/** Something of every member as the unit has it. */
export const ofMembers = (g: Builder, { members }: Unit, of: (param: Value) => Value): Value =>
  members.length === 1 ? of(members[0]) : g.Concat(members.map(of), { axis: 0 });

/** Something of the unit, member by member. */
export const byMember = (g: Builder, { members }: Unit, x: Value): Value[] =>
  members.length === 1 ? [x] : g.Split(x, { axis: 0, split: members.map((p) => p.shape[0]) });
