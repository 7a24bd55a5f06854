/** What reading a file decided that its owner should know. */
import { aModel, wants } from "../given.ts";
import type { Model } from "../graph/types.ts";
import { named, say, type Words } from "../message.ts";
import { evaluationForms } from "./evaluation-forms.ts";
import { restOf } from "./rest.ts";
import { sharingNotes, sharingOf } from "./sharing.ts";
import type { Unmasked } from "./without-draws.ts";

/** How many nodes are named. */
const SHOWN = 3;

/**
 * What is to be said of how a model's file was read: nothing, for a model that was not read and for a file that could only be read one
 * way. A file in training mode (of PyTorch's exporter with `TrainingMode.TRAINING`) is read, trained, shrunk and written as what it
 * is in evaluation; tensors that an exporter stored twice, or merged, are what they were before.
 */
export function readingNotes(model: Model): readonly Words[] {
  wants("readingNotes", ["model", aModel, model]);
  return [
    ...functionNotes(model),
    ...resolvedNotes(model),
    ...trainingNotes(model),
    ...quantizedNotes(model),
    ...precisionNotes(model),
    ...sharingNotes(sharingOf(model)),
    ...heldSizes(model),
  ];
}

/** The part of it that is of floats other than float32. */
function precisionNotes(model: Model): Words[] {
  const { precision, converted = 0 } = restOf(model) ?? {};
  if (!precision || converted === 0) return [];
  const dtypes = [...new Set(precision.values())].sort();
  const rounded = dtypes.includes("float64") ? ", which rounds float64" : "";
  return [
    say`the file holds ${dtypes.join(" and ")} (${String(converted)} values); all of it is read in float32${rounded}, and written so, but with ${named("precision")} stored: that rounds it to what the file had`,
  ];
}

/** The part of it that is of functions that a file defines. */
function functionNotes(model: Model): string[] {
  const calls = [...(restOf(model)?.calls ?? [])];
  if (calls.length === 0) return [];
  const names = calls.map(([name]) => name);
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : "";
  const all = calls.reduce((n, [, times]) => n + times, 0);
  return [
    `the file defines functions of its own (${names.slice(0, SHOWN).join(", ")}${more}); their ${all} calls are read, and written again, as the operators that they are of`,
  ];
}

/** The part of it that is of quantized numbers. */
function quantizedNotes(model: Model): string[] {
  const { quantized } = restOf(model) ?? {};
  if (!quantized) return [];
  const { tensors, values } = quantized;
  return [
    `the file is quantized (${tensors} stored tensors, ${values} values between operators); it is read, and written again, in floats: what it computes differs by what the file rounds`,
  ];
}

/** Axes that a file declares free although it holds one length only. */
function heldSizes({ graph, dims, sizes }: Model): string[] {
  return graph.inputs.flatMap(({ name }) =>
    (dims.get(name) ?? []).flatMap((d, i) => {
      const n = sizes?.axes.get(name)?.[i];
      if (typeof d === "number" || typeof n !== "number") return [];
      return [
        `${name} declares its axis ${i} free (${d}), but the file is true at a length of ${n} only, which was written into it`,
      ];
    }),
  );
}

/** The part of it that is of nodes with graphs. */
function resolvedNotes(model: Model): string[] {
  const resolved = restOf(model)?.resolved ?? [];
  return [...new Set(resolved.map(({ op }) => op))].map((op) => {
    const all = resolved.filter((r) => r.op === op).map(({ node, how }) => `${node}: ${how}`);
    const more = all.length > SHOWN ? ` and ${all.length - SHOWN} more` : "";
    return `the file holds ${op} (${all.slice(0, SHOWN).join(", ")}${more}); it is read, and written again, as the nodes that it comes to`;
  });
}

/** The part of it that is of training mode. */
export function trainingNotes(model: Model): readonly string[] {
  const { training = [], unmasked = [] } = restOf(model) ?? {};
  return [
    ...drawnNotes(unmasked),
    ...[...new Set(training.map(({ op }) => op))].map((op) => {
      const names = training.filter((n) => n.op === op).map(({ name }) => name);
      const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : "";
      return `the file holds ${op} in training mode (${names.slice(0, SHOWN).join(", ")}${more}); it is read, and written again, as in evaluation: ${evaluationForms[op].means}`;
    }),
  ];
}

/** The part of it that is of masks. */
function drawnNotes(unmasked: readonly Unmasked[]): string[] {
  if (unmasked.length === 0) return [];
  const shown = unmasked.slice(0, SHOWN).map((u) => `${u.node}: ${Number(u.probability.toPrecision(3))}`);
  const more = unmasked.length > SHOWN ? ` and ${unmasked.length - SHOWN} more` : "";
  return [
    `the file draws what it keeps, as stochastic depth and dropout do in training (with probability, ${shown.join(", ")}${more}); it is read, and written again, as in evaluation: with the mean of each mask`,
  ];
}
