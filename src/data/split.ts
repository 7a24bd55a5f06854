/** Samples in flat typed arrays, and how they may be varied: what readers make and batches are cut from. */

/** What samples are held in: row after row. */
export type Numbers = Uint8Array | Int32Array | Float32Array;

/** Samples and their targets, row after row. */
export interface Split {
  /**
   * `[count, …shape]`, flat. uint8 is 0 … 255, of images normalized as x / 255; int32 are tokens; float32 is taken as it is.
   * Of samples that are read from a `source`: an empty array, of the source's element type.
   */
  readonly x: Numbers;
  /** Where x is read from, batch by batch, when it is not held in memory. Targets and `more` always are. */
  readonly source?: SampleSource;
  /** Which rows of the source the samples are. Default: 0 … count − 1. */
  readonly rows?: Uint32Array;
  /** Int32: class indices, one a sample or one for each place of a sample. Float32: targets, `y.length / count` of them a sample. */
  readonly y: Int32Array | Float32Array;
  /** Further inputs and labels, by their names in the data set's `more`. */
  readonly more?: Readonly<Record<string, Numbers>>;
  /** How many places of each sample are its own, where samples differ in length and were filled up to one. */
  readonly lengths?: Int32Array;
  /** Where a sample is from, for messages: its file and its line or number there. Default: nothing is known but its number here. */
  readonly origin?: Origin;
  readonly count: number;
}

/** Where a sample is from: a file, and its line or number there. */
export type Origin = (sample: number) => Readonly<Record<string, string | number>>;

/** What a batch of training samples is drawn by: it may depend on these alone, so that a resumed run reads the same again. */
export interface Drawn {
  readonly seed: number;
  readonly epoch: number;
  /** Of the first sample, in the epoch's order. */
  readonly position: number;
  readonly augment?: Augment;
}

/**
 * Samples that are not in memory: images in a folder, rows of a large file. Batches of them are prepared ahead of the step, so that
 * what is held at once does not depend on how many there are.
 */
export interface SampleSource {
  /** Of the arrays that `read` gives. */
  readonly dtype: "uint8" | "int32" | "float32";
  /** Of one sample. */
  readonly shape: readonly number[];
  /** Text that differs where the samples do (names and sizes of files, how they are prepared), for a run to know its data again. */
  readonly identity: string;
  /** The kinds of augmentation that `read` carries out itself; those left are applied to what it gives. */
  readonly augments?: readonly (keyof Augment)[];
  /**
   * Samples, row after row: `rows.length` times `shape`, in an array that belongs to the caller. The same for the same arguments.
   * @param rows in any order
   * @param drawn when it is for training; absent for evaluation
   */
  read(rows: Uint32Array, drawn?: Drawn): Promise<Numbers>;
  /**
   * How a thread makes the source again, to read in: a module whose default export takes `given` and gives the source or a promise of
   * it. Without this it is read in the thread of the caller.
   */
  readonly again?: { readonly module: string; readonly given: unknown };
}

/** Something made of every array of some samples. */
export function ofEach<S extends Pick<Split, "x" | "y" | "more" | "lengths">>(
  { x, y, more, lengths }: S,
  make: <T extends Numbers>(of: T) => T,
): Pick<Split, "x" | "y" | "more" | "lengths"> {
  const rest = more && Object.fromEntries(Object.entries(more).map(([name, of]) => [name, make(of)]));
  return { x: make(x), y: make(y), ...(rest && { more: rest }), ...(lengths && { lengths: make(lengths) }) };
}

/** How much colours change: each factor is drawn from 1 − x … 1 + x, the turn of the hue from −x … x of the circle. Default 0. */
export interface ColorJitter {
  readonly brightness?: number;
  readonly contrast?: number;
  readonly saturation?: number;
  /** At most 0.5. */
  readonly hue?: number;
}

/**
 * How training samples are varied: images, in this order, by a random part, crop and flip, randAugment, colorJitter, cutout; samples of
 * any numbers by mixup.
 */
export interface Augment {
  /** Zero-padding by so many pixels, and a random cut of the image's size. */
  readonly crop?: number;
  /** A mirror image half of the time. */
  readonly flip?: boolean;
  /** A random part, of a share of the area between these two, in the size of the whole: [0.08, 1] for ImageNet. */
  readonly randomResizedCrop?: readonly [least: number, most: number];
  /** Of images of bytes. One number: brightness, contrast and saturation by it. */
  readonly colorJitter?: number | ColorJitter;
  /** Of images of bytes: so many of torchvision's operations, each of this magnitude, 0 … 30. */
  readonly randAugment?: { readonly operations: number; readonly magnitude: number };
  /** A black square of this side at a random place. */
  readonly cutout?: number;
  /**
   * α > 0: samples of a batch are blended with others of it, and so are their labels, by a share from Beta(α, α) for each batch
   * (Zhang et al. 2018, who take 0.1 to 0.4 for ImageNet and 1 for CIFAR). Of data with one input, and one class a sample or numbers to fit.
   */
  readonly mixup?: number;
}
