/**
 * Operators that a file may hold as they are in training. Files are read for what they mean in evaluation: batch normalization by the
 * stored statistics, dropout as the identity.
 */
import type { Step } from "./canonical.ts";
import type { WireMessage } from "./schema.ts";

type NodeMessage = WireMessage<"NodeProto">;

interface EvaluationForm {
  /** Whether a step, its parameters attributes already, is one of training. */
  readonly isTraining: (step: Step, opset: number) => boolean;
  /** The node with the switch off, and without what only training makes. */
  readonly off: (node: NodeMessage, isNamed: (attribute: Uint8Array, name: string) => boolean) => NodeMessage;
  /** What becomes of it. */
  readonly means: string;
}

/** Before, batch normalization trained where it had outputs for new statistics. */
const SWITCHED_SINCE = 14;

export const evaluationForms: Readonly<Record<string, EvaluationForm>> = {
  BatchNormalization: {
    isTraining: ({ attrs, outputs }, opset) =>
      opset < SWITCHED_SINCE ? outputs.slice(1).some(Boolean) : attrs.training_mode === 1,
    off: (node, isNamed) => ({
      ...node,
      output: node.output?.slice(0, 1),
      attribute: node.attribute?.filter((a) => !isNamed(a, "training_mode")),
    }),
    means: "by the statistics that are stored",
  },
  Dropout: {
    isTraining: ({ attrs }) => attrs.training_mode === 1,
    off: (node) => ({ ...node, input: node.input?.slice(0, 2) }),
    means: "without dropping anything",
  },
};

/** Operators that make random numbers: what a stochastic depth, or a dropout written out, leaves in a file of training. */
const random: ReadonlySet<string> = new Set([
  "Bernoulli",
  "Multinomial",
  "RandomNormal",
  "RandomNormalLike",
  "RandomUniform",
  "RandomUniformLike",
]);

export const isRandom = ({ op, domain }: Step): boolean => domain === "" && random.has(op);
