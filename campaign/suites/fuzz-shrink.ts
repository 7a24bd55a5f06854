/** Random models with zeros in them: shrunk they compute the same, and the certificate is proved from the files. */
import { EspalierError, type Model, prove, read, shrink, write } from "espalier";
import { size } from "../../src/graph/tensor.ts";
import type { Random } from "../../src/math/random.ts";
import { randomModel } from "../graphs/random-model.ts";
import { compareShrunk, halfZero, incomparable, shrinking } from "../graphs/shrinking.ts";
import { scattered } from "../graphs/sparse-models.ts";
import { mutatedModel } from "../mutate/onnx.ts";
import { chance } from "../mutate/pick.ts";
import { mutatedTree } from "../mutate/tree.ts";
import { type Attempt, type Suite, WrongResult } from "../suite.ts";

/** Elements of a value above which a mutant takes its time in computing what it is compared by. */
const MOST = 1e6;

/** Whole groups dead, or zeros anywhere. */
const withZeros = (random: Random, full: Model): Model =>
  chance(random, 0.5) ? scattered(full, random) : halfZero(full, random);

/** Whether what was tried works or is refused: both are well. */
async function refusedOr(work: () => Promise<unknown>): Promise<void> {
  await work().catch((e: unknown) => {
    if (!(e instanceof EspalierError)) throw e;
  });
}

/** Of an odd model only this is asked: that it is shrunk, or refused. What it computes may be no number. */
async function mutated({ random, keep }: Attempt): Promise<string> {
  const bytes = mutatedModel(random, chance(random, 0.5) ? write(withZeros(random, randomModel(random))) : undefined);
  keep("mutant.onnx", bytes);
  const model = read(bytes);
  const values = [...model.graph.inputs, ...model.graph.nodes.flatMap(({ outputs }) => outputs)];
  if (values.some((v) => v && size(v.shape) > MOST)) return "large";
  await shrink(model, { ...shrinking, batches: [1] }).catch((e: unknown) => {
    const differs = e instanceof EspalierError && e.code === "disagree" && !incomparable(e);
    throw differs ? new WrongResult(e.message) : e;
  });
  return "a mutant";
}

export const fuzzShrink: Suite = {
  name: "fuzz-shrink",
  about:
    "random models with zeros: shrunk beside full, the certificate proved, also when it was changed; mutated models",
  share: 4,
  processorSeconds: 4,
  async run(attempt) {
    const { random, keep } = attempt;
    if (chance(random, 0.2)) return mutated(attempt);
    const full = withZeros(random, randomModel(random));
    const shrunk = await compareShrunk(full, keep);
    if (typeof shrunk === "string") return shrunk;
    const { fullFile, smallFile, certificate } = shrunk;
    await shrink(smallFile, shrinking);
    const forged = mutatedTree(random, JSON.parse(JSON.stringify(certificate)));
    keep("forged.json", JSON.stringify(forged));
    await refusedOr(() => prove(fullFile, forged, { small: smallFile }));
    return certificate.removed.length > 0 ? "smaller" : "nothing to remove";
  },
};
