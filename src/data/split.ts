/** Samples in flat typed arrays, and how they may be varied: what readers make and batches are cut from. */

/** Samples and their targets, row after row. */
export interface Split {
  /** `[count, …shape]`, flat. uint8 is 0 … 255 and is normalized as x / 255; float32 is taken as it is. */
  readonly x: Uint8Array | Float32Array;
  /** Int32: one class index a sample. Float32: targets, `y.length / count` of them a sample. */
  readonly y: Int32Array | Float32Array;
  readonly count: number;
}

/** How training images are varied: zero-padding by `crop` pixels and a random cut; a mirror image half of the time. */
export interface Augment {
  readonly crop?: number;
  readonly flip?: boolean;
}
