/** Operators that compute something else in training than in evaluation. What is not listed computes the same in both. */
import type { Override } from "../autodiff/backward.ts";
import type { Builder } from "../graph/builder.ts";
import { type AnySite, type OpSite, ruleIn } from "../graph/op-site.ts";
import type { OpName } from "../graph/ops/index.ts";
import type { Node, Shape, Value } from "../graph/types.ts";
import { batchNorm } from "./batch-norm.ts";

/** A dropout mask that the host draws: uint8, 1 = kept. */
export interface Mask {
  readonly name: string;
  readonly shape: Shape;
  readonly ratio: number;
}

/** What a model in training has beside its values. */
export interface Training {
  /** New running statistics, by the initializer they replace. */
  readonly running: Map<Value, Value>;
  readonly masks: Mask[];
  /** Gradients that are written out instead of derived. */
  readonly overrides: Map<Value, Override>;
}

/** @param own the inputs as the model's graph has them; null = one that is not stored there */
type Form<S> = (
  g: Builder,
  site: S,
  own: readonly (Value | null)[],
  training: Training,
) => readonly Value[] | undefined;

const forms: { readonly [K in OpName]?: Form<Pick<OpSite<K>, "in" | "attrs">> } = {
  /** Frozen running statistics are used as they are. */
  BatchNormalization(g, { in: inputs, attrs }, [, , , mean, variance], { running, overrides }) {
    if (!mean || !variance) return undefined;
    const bn = batchNorm(g, inputs, attrs);
    running.set(mean, bn.runningMean);
    running.set(variance, bn.runningVar);
    overrides.set(bn.y, bn.override);
    return [bn.y];
  },
  Dropout(g, { in: [x], attrs: { ratio } }, _, { masks }) {
    if (!(ratio > 0)) return undefined;
    const mask: Mask = { name: `mask/${masks.length}`, shape: x.shape, ratio };
    masks.push(mask);
    const kept = g.Cast(g.input(mask.name, "uint8", mask.shape), { to: "float32" });
    return [g.Mul(g.Mul(x, kept), 1 / (1 - ratio))]; // torch's inverted dropout
  },
};

/** What a node computes in training; undefined where that is what it computes in evaluation. */
export const trainingFormOf = (node: Node): Form<Pick<AnySite, "in" | "attrs">> | undefined => ruleIn(forms, node);
