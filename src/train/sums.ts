/** Sums over the part of an epoch that is finished, and the means that they make. */

export interface Sums {
  loss: number;
  correct: number;
  samples: number;
  steps: number;
  /** Of the steps alone. */
  seconds: number;
}

export const noSums = (): Sums => ({ loss: 0, correct: 0, samples: 0, steps: 0, seconds: 0 });

/** Adds a step. @param result mean loss and correct answers of its batch */
export function addStep(
  sums: Sums,
  result: { readonly loss: number; readonly correct: number },
  samples: number,
  seconds: number,
): void {
  sums.loss += result.loss * samples;
  sums.correct += result.correct;
  sums.samples += samples;
  sums.steps++;
  sums.seconds += seconds;
}

/** @param classes whether accuracy can be told */
export const meansOf = ({ loss, correct, samples, steps, seconds }: Sums, classes: boolean) => ({
  loss: loss / samples,
  accuracy: classes ? correct / samples : null,
  msPerStep: (seconds * 1000) / steps,
});
