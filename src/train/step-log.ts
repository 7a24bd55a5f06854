/**
 * steps.jsonl: a line for each step of the optimizer. Lines wait for the next checkpoint, and a resume cuts those off that a
 * checkpoint does not know of, so that the file is that of a run that nobody stopped.
 */
import type { Store } from "./store.ts";

/** The file, beside metrics.jsonl. */
export const STEPS = "steps.jsonl";

/** A line. Epoch and step are 1-based. */
export interface StepLine {
  readonly epoch: number;
  readonly step: number;
  /** Mean over the batch, before the step. */
  readonly loss: number;
  readonly lr: number;
}

export class StepLog {
  private readonly store: Store | undefined;
  private waiting = "";

  /** @param store undefined = nothing is kept */
  constructor(store: Store | undefined) {
    this.store = store;
  }

  add(line: StepLine): void {
    if (this.store) this.waiting += `${JSON.stringify(line)}\n`;
  }

  /** Begins the file, or goes on with it behind the steps that are done. */
  async open({ epoch, step }: { readonly epoch: number; readonly step: number }): Promise<void> {
    if (!this.store) return;
    const bytes = epoch + step > 0 ? await this.store.read(STEPS) : undefined;
    const lines = new TextDecoder().decode(bytes).split("\n").slice(0, -1); // behind the last end of a line a crash cut one off
    const known = lines.filter((text) => {
      const line = JSON.parse(text) as StepLine;
      return line.epoch <= epoch || (line.epoch === epoch + 1 && line.step <= step);
    });
    await this.store.write(STEPS, new TextEncoder().encode(known.map((text) => `${text}\n`).join("")));
  }

  /** Writes what waits; before the checkpoint that knows of it. */
  async flush(): Promise<void> {
    const text = this.waiting;
    this.waiting = "";
    if (text !== "") await this.store?.append(STEPS, text);
  }
}
