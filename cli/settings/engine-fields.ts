/** The settings of every command that runs a model. */
import type { Engine } from "espalier";
import { deviceNames, node } from "espalier/node";
import { choice, integerField, type ValuesOf } from "./field.ts";

/** Where a model can run. */
export const devices = deviceNames;

export const engineFields = {
  threads: integerField("threads within an operator (default: one per processor)", { min: 1 }),
  device: choice("where the model runs, cpu by default", devices),
};

export const engineOf = ({ threads, device }: ValuesOf<typeof engineFields>): Engine => node({ threads, device });
