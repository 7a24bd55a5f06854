/** What the campaign and its worker processes say to each other. */

/** The case to try. */
export interface Order {
  readonly suite: string;
  readonly seed: number;
  readonly index: number;
  /** Its folder, and that of its suite. */
  readonly folder: string;
  readonly shared: string;
}

export type FaultKind =
  /** An exception that is no EspalierError, or a rejection that nobody handles. */
  | "exception"
  /** A result that is not as it must be. */
  | "difference"
  /** The process ended. */
  | "crash"
  /** More processor time, or more waiting, than a case may take. */
  | "hang"
  /** More resident memory than a case may take. */
  | "memory";

export interface Found {
  readonly kind: FaultKind;
  readonly message: string;
  /** Where it was thrown, as a place in the sources; faults of one place are one fault. */
  readonly place: string;
  readonly stack?: string;
}

/** What a case came to. */
export interface Report {
  readonly index: number;
  /** What it came to, where nothing was found: "done", or the code of the error that refused it. */
  readonly outcome?: string;
  readonly found?: Found;
  /** Of the process, in milliseconds. */
  readonly processorMs: number;
  /** Peak of the process so far, and what is resident now, in MB. */
  readonly peakMb: number;
  readonly residentMb: number;
}

/** What the thread beside the cases says all the time, one per line: of the running case, by its number. */
export interface Pulse {
  readonly index: number;
  readonly processorMs: number;
  readonly residentMb: number;
}

/** Slots of the memory that a worker shares with its pulse: the case's number (−1: none), and the processor time at its start in ms. */
export const SHARED = { index: 0, startMs: 1, length: 2 } as const;
