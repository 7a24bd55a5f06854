/** Samples in flat typed arrays, and how they may be varied: what readers make and batches are cut from. */

/** What samples are held in: row after row. */
export type Numbers = Uint8Array | Int32Array | Float32Array;

/** Samples and their targets, row after row. */
export interface Split {
  /** `[count, …shape]`, flat. uint8 is 0 … 255, of images normalized as x / 255; int32 are tokens; float32 is taken as it is. */
  readonly x: Numbers;
  /** Int32: class indices, one a sample or one for each place of a sample. Float32: targets, `y.length / count` of them a sample. */
  readonly y: Int32Array | Float32Array;
  /** Further inputs and labels, by their names in the data set's `more`. */
  readonly more?: Readonly<Record<string, Numbers>>;
  readonly count: number;
}

/** Something made of every array of some samples. */
export function ofEach<S extends Pick<Split, "x" | "y" | "more">>(
  { x, y, more }: S,
  make: <T extends Numbers>(of: T) => T,
): Pick<Split, "x" | "y" | "more"> {
  const rest = more && Object.fromEntries(Object.entries(more).map(([name, of]) => [name, make(of)]));
  return { x: make(x), y: make(y), ...(rest && { more: rest }) };
}

/** How training images are varied: zero-padding by `crop` pixels and a random cut; a mirror image half of the time. */
export interface Augment {
  readonly crop?: number;
  readonly flip?: boolean;
}
