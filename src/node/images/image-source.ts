/** Images as a source of samples, wherever their bytes are. */
import { outputSize } from "../../data/preprocessing.ts";
import type { Drawn, SampleSource } from "../../data/split.ts";
import type { SampleMaking } from "./decode.ts";
import { aFewAtATime } from "./few.ts";

/**
 * @param given how samples are made, and text that differs where the images do
 * @param again how a thread makes the source
 * @param one the sample of a row, `[channels, height, width]`; with what it is drawn by, and its place in the batch
 */
export function sourceOfImages(
  { preprocessing, channels, identity }: SampleMaking & Pick<SampleSource, "identity">,
  again: NonNullable<SampleSource["again"]>,
  one: (row: number, drawn: Drawn | undefined, place: number) => Promise<Uint8Array>,
): SampleSource {
  const [height, width] = outputSize(preprocessing);
  const size = channels * height * width;
  return {
    dtype: "uint8",
    shape: [channels, height, width],
    identity,
    again,
    async read(rows, drawn) {
      const x = new Uint8Array(rows.length * size);
      await aFewAtATime(rows.length, async (i) => {
        x.set(await one(rows[i], drawn, i), i * size);
      });
      return x;
    },
  };
}
