/** Scores one model on splits of a data set, again and again, with the stored tensors or with others in their place. */

import type { Loader } from "../data/batches.ts";
import { checkDataset } from "../data/check.ts";
import type { Dataset } from "../data/dataset.ts";
import type { SamplePlaces } from "../data/places.ts";
import type { Split } from "../data/split.ts";
import { type DeviceTensors, disposeAll, type Engine, withUploaded } from "../engine/engine.ts";
import { checkWeights } from "../graph/finite.ts";
import type { Model, Tensor } from "../graph/types.ts";
import type { Normalization } from "../step/input.ts";
import { type LabelPlan, type Loss, labelPlans } from "../step/loss.ts";
import { names } from "../step/names.ts";
import { parameters } from "../step/parameters.ts";
import type { LossPlan } from "../step/plan.ts";
import { type EvaluationPrograms, evaluationPrograms } from "../step/programs.ts";
import { weightFeeds } from "./feeds.ts";
import { checkDynamicBatch, checkInputs, forSamples, inputPlans, placesOf } from "./inputs.ts";
import { normalizationOf } from "./normalization.ts";
import { checkOperators } from "./operators.ts";
import { type Score, score } from "./score.ts";
import { Sessions } from "./sessions.ts";
import { type Losses, lossTerms } from "./terms.ts";

/** What a model is scored by. */
export interface ScoringOptions {
  readonly engine: Engine;
  /** Default `crossEntropy()`. */
  readonly loss?: Loss | Losses;
  /** The output that the loss attaches to. Default: the first. */
  readonly output?: string;
  /** Default: as of `normalizationOf`; null = none. */
  readonly normalization?: Normalization | null;
}

export class Evaluator {
  private readonly engine: Engine;
  private readonly loader: Loader | undefined;
  private readonly places: SamplePlaces | undefined;
  private readonly plan: LossPlan;
  private readonly labels: readonly LabelPlan[];
  private readonly feeds: DeviceTensors;
  private readonly sessions: Sessions<EvaluationPrograms>;

  /** @throws EspalierError when the data does not fit the model */
  constructor(given: Model, data: Dataset, options: ScoringOptions) {
    const { engine, loss, output } = options;
    checkDataset(data);
    const model = forSamples(given, data);
    checkInputs(model, data);
    checkDynamicBatch(model);
    checkOperators(model.graph, "shape");
    checkWeights(model.graph);
    const terms = lossTerms(model, data, loss, output);
    const normalization = normalizationOf(model, data, options.normalization);
    this.engine = engine;
    this.loader = data.batches;
    this.places = placesOf(model, data);
    this.plan = { inputs: inputPlans(model, data, normalization), terms };
    this.sessions = new Sessions(engine, evaluationPrograms(model, this.plan));
    this.labels = labelPlans(model.graph, terms);
    const { trained, running } = parameters(model.graph);
    this.feeds = Object.fromEntries(
      [...trained, ...running].map((v) => [names.param(v.name), engine.upload(model.graph.initializers.get(v)!)]),
    );
  }

  /** @param instead tensors to use instead of the stored ones, by name */
  score(split: Split, instead: ReadonlyMap<string, Tensor> = new Map()): Promise<Score> {
    const plan = { ...this.plan, labels: this.labels, places: this.places };
    return withUploaded(this.engine, weightFeeds(instead), (uploaded) =>
      score(this.engine, this.sessions, { ...this.feeds, ...uploaded }, split, plan, this.loader),
    );
  }

  /** Frees sessions and tensors; the evaluator cannot be used afterwards. */
  async release(): Promise<void> {
    await this.sessions.release();
    disposeAll(this.engine, this.feeds);
  }
}
