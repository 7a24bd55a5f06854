import { readFileSync } from "node:fs";
import sharp from "sharp";
import { expect, test } from "vitest";
import type { Preprocessing } from "../../data/preprocessing.ts";
import { decodeImage, readHeader, type SampleMaking } from "./decode.ts";

interface Case {
  readonly preprocessing: Preprocessing;
  readonly grey?: boolean;
  readonly small?: boolean;
  readonly png: string;
}
const path = new URL("../../../test/fixtures/preprocessing/pillow.json", import.meta.url);
const fixture: { image: string; small: string; cases: Case[] } = JSON.parse(readFileSync(path, "utf8"));
const bytes = (base64: string): Uint8Array => Buffer.from(base64, "base64");
const asIs: Preprocessing = { resize: null, interpolation: "bilinear" };
const sized = (height: number, width: number): Preprocessing => ({ ...asIs, crop: [height, width] });
const making = (p: Preprocessing, channels: 1 | 3 = 3): SampleMaking => ({ preprocessing: p, channels });

/** Differences of 8 bits from what Pillow makes: the largest, and the mean. */
async function difference({ preprocessing, grey, small, png }: Case): Promise<{ largest: number; mean: number }> {
  const channels = grey ? 1 : 3;
  const { width, height } = await sharp(bytes(png)).metadata();
  const crop = preprocessing.crop ?? ([height, width] as const);
  const got = await decodeImage(
    bytes(small ? fixture.small : fixture.image),
    making({ ...preprocessing, crop }, channels),
  );
  const wanted = await decodeImage(bytes(png), making(sized(height, width), channels));
  expect(got.length).toBe(wanted.length);
  const apart = Array.from(got, (v, i) => Math.abs(v - wanted[i]));
  return { largest: Math.max(...apart), mean: apart.reduce((a, b) => a + b, 0) / apart.length };
}

test("enlarging, cutting and grey are Pillow's to the bit; making smaller differs by sharp's rounding", async () => {
  for (const one of fixture.cases) {
    const { largest, mean } = await difference(one);
    const exact = one.small || one.grey || one.preprocessing.interpolation === "nearest";
    // Where the image is smooth at most 4; the rest is at hard edges and in noise, where sharp shrinks in two steps.
    expect(largest, JSON.stringify(one.preprocessing)).toBeLessThanOrEqual(exact ? 0 : 15);
    expect(mean).toBeLessThan(exact ? 1e-9 : 3);
  }
});

/** An image of 4 × 6 pixels, red from left to right, green from top to bottom. */
const ramp = Uint8Array.from(
  { length: 72 },
  (_, i) => [40 * Math.floor((i / 3) % 6), 60 * Math.floor(i / 18), 10][i % 3],
);
const image = () => sharp(ramp, { raw: { width: 6, height: 4, channels: 3 } });
const planesOf = (pixels: ArrayLike<number>, size: number): number[] =>
  [0, 1, 2].flatMap((c) => Array.from({ length: size }, (_, i) => pixels[3 * i + c]));

test("lossless images come as their pixels, channel after channel", async () => {
  const wanted = planesOf(ramp, 24);
  for (const file of [image().png(), image().webp({ lossless: true }), image().tiff({ compression: "lzw" })])
    expect([...(await decodeImage(await file.toBuffer(), making(sized(4, 6))))]).toEqual(wanted);
});

test("EXIF turns the image", async () => {
  const turned = await image().withMetadata({ orientation: 6 }).png().toBuffer(); // to be turned clockwise
  const got = await decodeImage(turned, making(sized(6, 4)));
  const red = planesOf(ramp, 24).slice(0, 24);
  expect([...got.subarray(0, 24)]).toEqual(
    Array.from({ length: 24 }, (_, i) => red[6 * (3 - (i % 4)) + Math.floor(i / 4)]),
  );
});

test("CMYK, 16 bits, grey and grey of 16 bits become sRGB of 8 bits", async () => {
  const near = async (bytes: Buffer, wanted: readonly number[], tolerance: number) => {
    const got = await decodeImage(bytes, making(sized(4, 6)));
    expect(got.length).toBe(72);
    for (const [i, v] of got.entries()) expect(Math.abs(v - wanted[i]), `${i}: ${v}`).toBeLessThanOrEqual(tolerance);
  };
  const wanted = planesOf(ramp, 24);
  await near(await image().toColourspace("rgb16").png().toBuffer(), wanted, 1);
  const flat = sharp({ create: { width: 6, height: 4, channels: 3, background: "#fff" } });
  await near(await flat.toColourspace("cmyk").jpeg().toBuffer(), new Array(72).fill(255), 3);
  const grey = sharp(ramp.subarray(0, 24), { raw: { width: 6, height: 4, channels: 1 } });
  const levels = [...ramp.subarray(0, 24)];
  await near(await grey.clone().toColourspace("b-w").png().toBuffer(), [...levels, ...levels, ...levels], 0);
  await near(await grey.clone().toColourspace("grey16").png().toBuffer(), [...levels, ...levels, ...levels], 1);
});

test("what is transparent is laid on white; of an animation the first picture is taken", async () => {
  const half = sharp({ create: { width: 2, height: 1, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0.5 } } });
  const laid = await decodeImage(await half.png().toBuffer(), making(sized(1, 2)));
  expect([...laid]).toEqual([255, 255, 127, 127, 127, 127]);
  const frames = Buffer.concat([Buffer.alloc(27, 255), Buffer.alloc(27, 0)]);
  const raw = { width: 3, height: 6, channels: 3, pageHeight: 3 } as const;
  const animated = await sharp(frames, { raw })
    .gif({ delay: [10, 10] })
    .toBuffer();
  expect((await readHeader(animated)).pictures).toBe(2);
  expect([...(await decodeImage(animated, making(sized(3, 3))))]).toEqual(new Array(27).fill(255));
});

test("a part of an image is resized to the sample's size", async () => {
  const got = await decodeImage(
    await image().png().toBuffer(),
    making({ resize: { exact: [1, 2] }, interpolation: "nearest" }),
    (of) => {
      expect([of.width, of.height]).toEqual([6, 4]);
      return { left: 4, top: 3, width: 2, height: 1 };
    },
  );
  expect([...got]).toEqual([160, 200, 180, 180, 10, 10]);
});

test("what is no image, or says it is too large, is refused", async () => {
  const refuse = (bytes: Uint8Array, p = sized(4, 6)) =>
    decodeImage(bytes, making(p)).then(
      () => "no error",
      (error: Error) => error.message.replaceAll(/\s+/g, " "),
    );
  const jpeg = await sharp({ create: { width: 64, height: 64, channels: 3, background: "#345" } })
    .jpeg()
    .toBuffer();
  const bomb = Buffer.from(await image().png().toBuffer());
  bomb.writeUInt32BE(60_000, 16); // width and height of a PNG
  bomb.writeUInt32BE(60_000, 20);
  expect(await refuse(new Uint8Array(0))).toMatch(/empty|buffer/i);
  expect(await refuse(Buffer.from("hello"))).toMatch("unsupported image format");
  expect(await refuse(jpeg.subarray(0, jpeg.length - 40), sized(64, 64))).not.toBe("no error");
  expect(await refuse(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="6" height="4"/>'))).toMatch(
    "of a kind that is not read got svg",
  );
  expect(await refuse(bomb)).not.toBe("no error");
  expect(await refuse(await image().png().toBuffer(), sized(5, 6))).toMatchInlineSnapshot(
    `"the image is smaller than what is cut out of it got 4 × 6 wanted at least 5 × 6 fix resize it: resize"`,
  );
});
