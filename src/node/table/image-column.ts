/** Images that lie in a column of a table, as Hugging Face keeps them: a source that decodes them when they are wanted. */
import type { SampleSource } from "../../data/split.ts";
import { brokenImage } from "../images/broken.ts";
import { decodeImage, type SampleMaking } from "../images/decode.ts";
import { sourceOfImages } from "../images/image-source.ts";

/** Plain data, which a thread shares and need not copy. */
export interface ImageColumn extends SampleMaking {
  /** All files, one after another. */
  readonly bytes: Uint8Array;
  /** Where each begins, and where the last ends. */
  readonly starts: Float64Array;
  /** The files that the rows are of, and the first row of each. */
  readonly files: readonly { readonly file: string; readonly from: number }[];
  readonly identity: string;
}

/** "train.parquet, row 7" */
const placeOfImage = ({ files }: Pick<ImageColumn, "files">, row: number): string => {
  const { file, from } = files.findLast((f) => f.from <= row)!;
  return `${file}, row ${row - from + 1}`;
};

export default function imageColumn(given: ImageColumn): SampleSource {
  const { bytes, starts } = given;
  return sourceOfImages(given, { module: import.meta.url, given }, async (row) => {
    try {
      return await decodeImage(bytes.slice(starts[row], starts[row + 1]), given);
    } catch (error) {
      throw brokenImage(placeOfImage(given, row), error);
    }
  });
}
