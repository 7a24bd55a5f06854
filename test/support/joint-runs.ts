/** Runs of several ranks in one process, and how far apart two models are. */
import type { Communicator, Run } from "espalier";
import { numbers } from "../../src/graph/tensor.ts";
import type { Model } from "../../src/graph/types.ts";
import { communicators } from "./communicators.ts";

/** A run, when it is over. */
export const finish = async (run: Run) => {
  for await (const _ of run);
  return run;
};
/** One run for each of several ranks, to their ends. */
export const together = (size: number, start: (communicator: Communicator) => Run) =>
  Promise.all(communicators(size).map((communicator) => finish(start(communicator))));

/** The largest difference of two models' tensors, each beside its largest number. */
export function difference(a: Model, b: Model): number {
  const wanted = new Map([...a.graph.initializers].map(([v, t]) => [v.name, numbers(t)]));
  return Math.max(
    ...[...b.graph.initializers].map(([v, t]) => {
      const whole = wanted.get(v.name)!;
      const largest = Math.max(...whole.map(Math.abs), 1e-6);
      return Math.max(...numbers(t).map((x, i) => Math.abs(x - whole[i]))) / largest;
    }),
  );
}
