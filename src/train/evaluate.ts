/** Loss and accuracy of a finished model, outside training. */
import type { Dataset, Split } from "../data/dataset.ts";
import type { Engine, Session } from "../engine/engine.ts";
import { atBatch } from "../graph/infer.ts";
import type { Model } from "../graph/types.ts";
import { encode } from "../onnx/write.ts";
import { checkDynamicBatch, checkInput, type InputPlan, type Normalization, normalizationOf } from "./input.ts";
import { crossEntropy, type Loss, lossInput } from "./loss.ts";
import { checkOperators } from "./operators.ts";
import { checkLabels } from "./options.ts";
import { parameters } from "./parameters.ts";
import { evaluationProgram, names } from "./programs.ts";
import { type Score, score } from "./score.ts";

/** Options of `evaluate`. */
export interface EvaluateOptions {
  readonly engine: Engine;
  /** Default `crossEntropy()`. */
  readonly loss?: Loss;
  /** The output that the loss attaches to. Default: the first. */
  readonly output?: string;
  /** Default: what the model's metadata records, else the data set's own; null = none. */
  readonly normalization?: Normalization | null;
  /** Default: the test split. */
  readonly split?: Split;
}

/**
 * Mean loss and accuracy of a model on a split of a data set.
 * @throws EspalierError when the data does not fit the model
 */
export async function evaluate(model: Model, data: Dataset, options: EvaluateOptions): Promise<Score> {
  const { engine, loss = crossEntropy(), output, split = data.test } = options;
  checkInput(model, data.shape);
  checkDynamicBatch(model);
  checkOperators(model.graph, "shape");
  checkLabels(model, data, loss, output);
  const normalization = normalizationOf(model, data, options.normalization);
  const dtype = split.x instanceof Uint8Array ? "uint8" : "float32";
  const input: InputPlan = { dtype, sample: data.shape, normalization };
  const { trained, running } = parameters(model.graph);
  const feeds = Object.fromEntries(
    [...trained, ...running].map((v) => [names.param(v.name), engine.upload(model.graph.initializers.get(v)!)]),
  );
  const sessions = new Map<number, Promise<Session>>();
  const session = (n: number) => {
    const made = sessions.get(n) ?? engine.load(encode(evaluationProgram(atBatch(model, n), { input, loss, output })));
    sessions.set(n, made);
    return made;
  };
  const targetShape = lossInput(model.graph, loss, output).output.shape.slice(1);
  try {
    return await score(engine, session, feeds, split, { input, loss, targetShape });
  } finally {
    for (const s of await Promise.allSettled(sessions.values())) if (s.status === "fulfilled") await s.value.release();
  }
}
