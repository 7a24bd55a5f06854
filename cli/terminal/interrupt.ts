/** Ctrl-C: the first finishes the step, and training keeps a checkpoint; the second ends at once. */

export interface Interruption {
  readonly signal: AbortSignal;
  /** The exit status if it happened: 128 + the signal's number. */
  readonly status: () => number | undefined;
  /** Back to the system's way of handling signals. */
  release(): void;
}

/** @param stopping what the first Ctrl-C brings about */
export function interruption(
  say: (line: string) => void,
  stopping = "stopping after this step, with a checkpoint",
): Interruption {
  const controller = new AbortController();
  let status: number | undefined;
  const handle = (name: NodeJS.Signals) => {
    const code = name === "SIGTERM" ? 143 : 130;
    if (status !== undefined) process.exit(code);
    status = code;
    say(`${stopping}; once more to stop at once …`);
    controller.abort();
  };
  process.on("SIGINT", handle);
  process.on("SIGTERM", handle);
  return {
    signal: controller.signal,
    status: () => status,
    release() {
      process.off("SIGINT", handle);
      process.off("SIGTERM", handle);
    },
  };
}
