/** Mean and variance of each channel over all of some batches, from those of each: exact, whatever the sizes of the batches. */

/** The moments of values that come in batches (Chan, Golub & LeVeque 1979), in float64. */
export class ChannelMoments {
  private values = 0;
  private readonly means: Float64Array;
  /** Σ (x − mean)² */
  private readonly squares: Float64Array;

  constructor(channels: number) {
    this.means = new Float64Array(channels);
    this.squares = new Float64Array(channels);
  }

  /** @param batch of so many values of each channel: their mean, and the mean of (x − mean)² */
  add(batch: { readonly mean: Float32Array; readonly variance: Float32Array; readonly values: number }): void {
    const { means, squares } = this;
    const all = this.values + batch.values;
    const share = batch.values / all;
    for (let c = 0; c < means.length; c++) {
      const apart = batch.mean[c] - means[c];
      squares[c] += batch.variance[c] * batch.values + apart * apart * this.values * share; // the law of total variance
      means[c] += apart * share;
    }
    this.values = all;
  }

  get mean(): Float32Array {
    return Float32Array.from(this.means);
  }

  /** Unbiased, as running variances are. */
  get variance(): Float32Array {
    return Float32Array.from(this.squares, (s) => s / (this.values - 1));
  }
}
