/** Recurrent layers. */
import { opaqueRule } from "../opaque.ts";
import type { ProofRules } from "./rule.ts";

export const recurrentProofs: ProofRules<"recurrent"> = { GRU: opaqueRule, LSTM: opaqueRule, RNN: opaqueRule };
