/** Random and mutated models: groups of every kind, looked at and counted. */
import { cost, type GroupKind, groupSets, inspect, type Model, read, write, zeroGroups } from "espalier";
import { size } from "../../src/graph/tensor.ts";
import { namedKinds } from "../../src/groups/group-set.ts";
import { randomModel } from "../graphs/random-model.ts";
import { mutatedModel } from "../mutate/onnx.ts";
import { chance } from "../mutate/pick.ts";
import { type Attempt, type Suite, WrongResult } from "../suite.ts";

const KINDS: readonly GroupKind[] = [...namedKinds, { block: [2, 3] }];

/** A random model, one that was changed, or a file of the tests that was changed. */
function someModel({ random, keep }: Attempt): Model {
  const made = chance(random, 0.6) ? write(randomModel(random)) : undefined;
  const bytes = made && chance(random, 0.5) ? made : mutatedModel(random, made);
  keep("model.onnx", bytes);
  return read(bytes);
}

export const fuzzGroups: Suite = {
  name: "fuzz-groups",
  about: "random and mutated models: groups of every kind, zero groups, inspection",
  share: 3,
  async run(attempt) {
    const model = someModel(attempt);
    const tensors = new Map([...model.graph.initializers].map(([v, t]) => [v.name, t]));
    for (const kind of KINDS)
      for (const side of ["consumer", "producer"] as const)
        for (const set of groupSets(model.graph, kind, { side })) {
          if (zeroGroups(set, tensors).length !== set.count)
            throw new WrongResult(`${set.name}: as many flags as groups`);
          const inGroups = set.sizes.reduce((a, b) => a + b, 0);
          const most = set.members.reduce((n, m) => n + size(m.param.shape), 0);
          if (inGroups > most)
            throw new WrongResult(`${set.name}: ${inGroups} weights in groups of tensors with ${most}`);
        }
    inspect(model);
    cost(model);
    return undefined;
  },
};
