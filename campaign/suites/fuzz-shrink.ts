/** Random models with zeros in them: shrunk they compute the same, and the certificate is proved from the files. */
import { cost, EspalierError, type Model, prove, read, shrink, write } from "espalier";
import { node } from "espalier/node";
import { groupSets } from "../../src/groups/groups.ts";
import type { Random } from "../../src/math/random.ts";
import { randomModel } from "../graphs/random-model.ts";
import { scattered, zeroed } from "../graphs/sparse-models.ts";
import { mutatedModel } from "../mutate/onnx.ts";
import { chance, pick } from "../mutate/pick.ts";
import { mutatedTree } from "../mutate/tree.ts";
import { type Attempt, type Suite, WrongResult } from "../suite.ts";

const engine = node({ threads: 1 });

/** Whole groups dead, or zeros anywhere. */
function withZeros(random: Random, full: Model): Model {
  if (chance(random, 0.5)) return scattered(full, random);
  const side = pick(random, ["consumer", "producer"] as const);
  const sets = groupSets(full.graph, "coupled", { side });
  return zeroed(full, sets, () => random.uniform() < 0.5);
}

const notFinite = (e: unknown): boolean => e instanceof EspalierError && /in the first model already/.test(e.message);

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
  await shrink(model, { engine, random: 1, batches: [1] }).catch((e: unknown) => {
    const differs = e instanceof EspalierError && e.code === "disagree" && !notFinite(e);
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
    keep("full.onnx", write(full));
    const options = { engine, random: 1, batches: [1, 3] };
    const shrunk = await shrink(full, options).catch((e: unknown) => {
      if (notFinite(e)) return undefined;
      throw e instanceof EspalierError ? new WrongResult(e.message) : e;
    });
    if (!shrunk) return "not finite";
    const { model: small, certificate } = shrunk;
    keep("small.onnx", write(small));
    if (cost(small).params > cost(full).params) throw new WrongResult("the small model is larger");
    const [fullFile, smallFile] = [full, small].map((m) => read(write(m)));
    const proof = await prove(fullFile, certificate, { small: smallFile });
    if (!proof.holds) throw new WrongResult(`from the files it is not proved: ${proof.problems[0]}`);
    await shrink(smallFile, options);
    const forged = mutatedTree(random, JSON.parse(JSON.stringify(certificate)));
    keep("forged.json", JSON.stringify(forged));
    await refusedOr(() => prove(fullFile, forged, { small: smallFile }));
    return certificate.removed.length > 0 ? "smaller" : "nothing to remove";
  },
};
