/** What a run says of itself while it trains. */

/** Where training stands, after every step. */
export interface Progress {
  /** 1-based. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps finished in this epoch, of `steps`. */
  readonly step: number;
  readonly steps: number;
  /** Mean training loss and accuracy of the epoch so far. */
  readonly loss: number;
  readonly accuracy: number | null;
  /** Mean over this epoch. */
  readonly msPerStep: number;
}
