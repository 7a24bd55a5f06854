import sharp from "sharp";
import { expect, test } from "vitest";
import { batches } from "../data/batches.ts";
import { fromArrays } from "../data/dataset.ts";
import { contactSheet } from "./contact-sheet.ts";

const data = fromArrays(
  Uint8Array.from({ length: 10 * 60 }, (_, i) => (i * 2654435761) >>> 24),
  Array.from({ length: 10 }, (_, i) => i % 2),
  { shape: [3, 4, 5], name: "two <kinds>", classNames: ["cat", "a <b>dog</b>\u001b[2J"], augment: { flip: true } },
);

const images = (html: string): Buffer[] =>
  [...html.matchAll(/src="data:image\/png;base64,([^"]+)"/g)].map(([, base64]) => Buffer.from(base64, "base64"));

test("the images of a batch as they are trained on, with the names of their classes", async () => {
  const html = await contactSheet(data, { count: 6, seed: 3 });
  expect(images(html)).toHaveLength(6);
  const plan = { shape: data.shape, batchSize: 6, seed: 3, augment: { flip: true } };
  const { value: batch } = await batches(data.train, plan)[Symbol.asyncIterator]().next();
  for (const [i, file] of images(html).entries()) {
    const { data: pixels, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, info.channels]).toEqual([5, 4, 3]);
    const wanted = batch.x.subarray(60 * i, 60 * i + 60);
    expect([...pixels]).toEqual(Array.from({ length: 60 }, (_, p) => wanted[(p % 3) * 20 + Math.floor(p / 3)]));
  }
  expect(html).toContain("<figcaption>cat</figcaption>");
  expect(html).not.toContain("<b>dog");
  expect(html).not.toContain("\u001b");
  expect(html).not.toMatch(/<script|src="http/);
  expect(html.replaceAll(/\s+/g, " ")).toContain("6 of 8 training images of [3,4,5], varied as in training.");
});

test("floats are shown from their least to their largest; what is no image is refused", async () => {
  const floats = fromArrays(
    Float32Array.from({ length: 40 }, (_, i) => i - 7),
    [0, 1, 0, 1, 0, 1, 0, 1, 0, 1],
    { shape: [1, 2, 2] },
  );
  const [first] = images(await contactSheet(floats, { count: 1 }));
  expect([...(await sharp(first).toColourspace("b-w").raw().toBuffer())]).toEqual([0, 85, 170, 255]);
  const rows = fromArrays([[1], [2], [3], [4], [5]], [0, 1, 0, 1, 0]);
  await expect(contactSheet(rows)).rejects.toThrow("shows images alone");
  await expect(contactSheet(data, { count: 0 })).rejects.toThrow("count");
});
