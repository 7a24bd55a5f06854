/** Operators that compute something else in training than in evaluation. What is not listed computes the same in both. */
import type { Override } from "../autodiff/backward.ts";
import type { Builder } from "../graph/builder.ts";
import { type AnySite, type OpSite, ruleIn } from "../graph/op-site.ts";
import type { OpName } from "../graph/ops/index.ts";
import type { Node, Shape, Value } from "../graph/types.ts";
import { type BatchStatistics, batchNorm } from "./batch-norm.ts";
import { acrossRanks, type Exchange } from "./exchange.ts";

/** A dropout mask that the host draws: uint8, 1 = kept. */
export interface Mask {
  readonly name: string;
  readonly shape: Shape;
  readonly ratio: number;
  /** What of the model's graph it makes, by name. */
  readonly makes: string;
}

/** Running statistics, and those of a batch at a place where they are used. */
interface Observed {
  readonly runningMean: Value;
  readonly runningVar: Value;
  readonly batch: BatchStatistics;
}

/** What a model in training has beside its values. */
export interface Training {
  /** New running statistics, by the initializer they replace. */
  readonly running: Map<Value, Value>;
  /** What the batch says of itself at each normalization, with the running statistics that stand for it in evaluation. */
  readonly observed: Observed[];
  readonly masks: Mask[];
  /** Gradients that are written out instead of derived. */
  readonly overrides: Map<Value, Override>;
  /** Where ranks exchange what they have of their samples. */
  readonly exchanges: Exchange[];
}

/** @param own the inputs as the model's graph has them; null = one that is not stored there */
type Form<S> = (
  g: Builder,
  site: S,
  own: readonly (Value | null)[],
  training: Training,
) => readonly Value[] | undefined;

/** What a form reads of its node. */
type Seen = "in" | "attrs";
type Forms = { readonly [K in OpName]?: Form<Pick<OpSite<K>, Seen> & { readonly makes: string }> };

/** What normalizes by the batch: that of this process, or that of all ranks. */
const normalizingBy = (whose: "own" | "all"): Forms => ({
  /** Frozen running statistics are used as they are. */
  BatchNormalization(g, { in: inputs, attrs }, [, , , mean, variance], { running, observed, overrides, exchanges }) {
    if (!mean || !variance) return undefined;
    const bn = batchNorm(g, inputs, attrs, whose === "all" ? acrossRanks(exchanges) : undefined);
    running.set(mean, bn.runningMean);
    running.set(variance, bn.runningVar);
    observed.push({ runningMean: mean, runningVar: variance, batch: bn.batch });
    overrides.set(bn.y, bn.override);
    return [bn.y];
  },
});
const normalizing = normalizingBy("own");

/** What draws. */
const drawing: Forms = {
  Dropout(g, { in: [x], attrs: { ratio }, makes }, _, { masks }) {
    if (!(ratio > 0)) return undefined;
    const mask: Mask = { name: `mask/${masks.length}`, shape: x.shape, ratio, makes };
    masks.push(mask);
    const kept = g.Cast(g.input(mask.name, "uint8", mask.shape), { to: "float32" });
    return [g.Mul(g.Mul(x, kept), 1 / (1 - ratio))]; // torch's inverted dropout
  },
};

const training: Forms = { ...normalizing, ...drawing };
const synchronized: Forms = { ...normalizingBy("all"), ...drawing };

/** Whether a mask is drawn for a node in training. */
export const drawsMask = (node: Node): boolean => ruleIn(drawing, node) !== undefined && Number(node.attrs.ratio) > 0;

/**
 * How a model is run: as it is; as it is trained, alone or normalized by the batch of all ranks; or for its statistics, normalized by the
 * batch, but without what is drawn at random, which no evaluation has.
 */
export type Mode = "evaluation" | "training" | "synchronized" | "statistics";

const formsOf: Readonly<Record<Mode, Forms>> = { evaluation: {}, training, synchronized, statistics: normalizing };

/** What a node computes in a mode; undefined where that is what it computes in evaluation. */
export const formIn = (node: Node, mode: Mode): Form<Pick<AnySite, Seen> & { readonly makes: string }> | undefined =>
  ruleIn(formsOf[mode], node);
