/** Recurrent layers. */
import { type AxesRules, barrier } from "./rule.ts";

const units = barrier("carries its units from step to step");

export const recurrentAxes: AxesRules<"recurrent"> = { GRU: units, LSTM: units, RNN: units };
