import { expect, test } from "vitest";
import { Random } from "../../math/random.ts";
import { type BatchPlan, batches } from "../batches.ts";
import { chosen, sourceSplit } from "../source.ts";
import type { Augment, Split } from "../split.ts";
import { brightness, contrast, hue, saturation } from "./colors.ts";
import { cutOut } from "./cutout.ts";
import { randAugment } from "./policy.ts";
import { drawPart, stretchPart } from "./resized-crop.ts";

const SHAPE = [3, 8, 10];
const SIZE = 240;
const COUNT = 12;
const pixels = new Random(2, "verify");
const split: Split = {
  x: Uint8Array.from({ length: COUNT * SIZE }, () => pixels.int(256)),
  y: Int32Array.from({ length: COUNT }, (_, i) => i),
  count: COUNT,
};
const all = async (augment: Augment, change: Partial<BatchPlan> = {}, from: Split = split) => {
  const found: number[] = [];
  const plan = { shape: SHAPE, batchSize: 5, seed: 4, epochs: 2, augment, ...change };
  for await (const { x } of batches(from, plan)) found.push(...x);
  return found;
};
const everything: Augment = {
  crop: 1,
  flip: true,
  randomResizedCrop: [0.3, 1],
  colorJitter: { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
  randAugment: { operations: 2, magnitude: 9 },
  cutout: 3,
};

test("each kind draws by seed, epoch and position alone, from a stream of its own", async () => {
  const whole = await all(everything);
  expect(await all(everything, { batchSize: 3 })).toEqual(whole);
  expect(await all(everything, { epoch: 1, step: 1 })).toEqual(whole.slice((COUNT + 5) * SIZE));
  expect(await all(everything, { seed: 5 })).not.toEqual(whole);
  for (const kind of Object.keys(everything) as (keyof Augment)[]) {
    const one = await all({ [kind]: everything[kind] });
    expect(one, kind).not.toEqual(await all({}));
    expect(one.slice(0, COUNT * SIZE), kind).not.toEqual(one.slice(COUNT * SIZE));
  }
  const flipped = await all({ flip: true, cutout: 1 });
  const only = await all({ flip: true });
  const apart = flipped.filter((v, i) => v !== only[i]).length;
  expect(apart).toBeGreaterThan(0);
  expect(apart).toBeLessThanOrEqual(2 * COUNT * 3); // but for the one pixel the same
});

test("a source may cut out parts itself; the rest is done to what it gives", async () => {
  const source = sourceSplit(
    {
      dtype: "uint8",
      shape: SHAPE,
      identity: "",
      augments: ["randomResizedCrop"],
      read: async (rows, drawn) => {
        expect(drawn?.augment).toBe(everything);
        return chosen(split, rows).x;
      },
    },
    split,
  );
  const { randomResizedCrop: _, ...rest } = everything;
  expect(await all(everything, {}, source)).toEqual(await all(rest));
});

test("parts have the area and the shape that they are drawn with, and lie inside", () => {
  const random = new Random(1, "resizedCrop");
  const shares: number[] = [];
  for (let i = 0; i < 2000; i++) {
    const { left, top, width, height } = drawPart(200, 100, [0.2, 0.4], random);
    expect(left >= 0 && top >= 0 && left + width <= 200 && top + height <= 100).toBe(true);
    expect(width / height).toBeGreaterThan(0.73);
    expect(width / height).toBeLessThan(1.37);
    shares.push((width * height) / 20000);
  }
  expect(Math.min(...shares)).toBeGreaterThan(0.19);
  expect(Math.max(...shares)).toBeLessThan(0.41);
  expect(shares.reduce((a, b) => a + b, 0) / 2000).toBeCloseTo(0.3, 2);
  expect(drawPart(400, 10, [1, 1], random)).toEqual({ left: 193, top: 0, width: 13, height: 10 }); // nothing fits: the middle
  const image = Uint8Array.of(1, 2, 3, 4);
  stretchPart(image, [1, 2, 2], { left: 1, top: 0, width: 1, height: 2 });
  expect([...image]).toEqual([2, 2, 4, 4]);
});

// Worked out from the formulas of torchvision.transforms.functional on uint8 tensors.
test("colours change as torchvision's do", () => {
  const of = (change: (image: Uint8Array, channels: number, by: number) => void, by: number, image: number[]) => {
    const bytes = Uint8Array.from(image);
    change(bytes, 3, by);
    return [...bytes];
  };
  expect(of(brightness, 1.5, [10, 100, 200])).toEqual([15, 150, 255]);
  expect(of(saturation, 0, [10, 100, 200])).toEqual([84, 84, 84]);
  expect(of(saturation, 0.5, [10, 100, 200])).toEqual([47, 92, 142]);
  expect(of(contrast, 0.5, [0, 100, 0, 100, 0, 100])).toEqual([24, 74, 24, 74, 24, 74]); // grey 0 and 99
  expect(of(hue, 1 / 3, [200, 100, 50])).toEqual([50, 200, 100]);
  expect(of(hue, 0.5, [255, 0, 0])).toEqual([0, 255, 255]);
  expect(of(hue, -0.25, [9, 9, 9])).toEqual([9, 9, 9]);
  for (let i = 0; i < 200; i++) {
    const rgb = [0, 0, 0].map(() => pixels.int(256));
    expect(of(hue, 0, rgb)).toEqual(rgb);
  }
});

test("a square is cut out around a place of the image", () => {
  const random = new Random(1, "cutout");
  const counts = new Set<number>();
  for (let i = 0; i < 200; i++) {
    const image = new Uint8Array(SIZE).fill(1);
    cutOut(image, SHAPE, 4, random);
    const gone = image.slice(0, 80).filter((v) => v === 0).length;
    expect(image.filter((v) => v === 0)).toHaveLength(3 * gone);
    counts.add(gone);
  }
  expect([Math.min(...counts), Math.max(...counts)]).toEqual([4, 16]);
});

test("operations of the policy keep images images; of no magnitude most change nothing", () => {
  const image = (split.x as Uint8Array).slice(0, SIZE);
  const seen = new Set<string>();
  for (let i = 0; i < 300; i++) {
    const one = image.slice();
    randAugment(one, SHAPE, { operations: 1, magnitude: 20 }, new Random(i, "policy"));
    seen.add(one.join());
  }
  expect(seen.size).toBeGreaterThan(18); // 14 operations, 8 of them with a sign
  let same = 0;
  for (let i = 0; i < 300; i++) {
    const one = image.slice();
    randAugment(one, SHAPE, { operations: 1, magnitude: 0 }, new Random(i, "policy"));
    if (one.join() === image.join()) same++;
  }
  expect(same).toBeGreaterThan(220); // all but the spreading and the equalizing
});

test("what cannot be done to these samples is refused by its field", () => {
  const refuse = (augment: Augment, from: Split = split): string => {
    try {
      batches(from, { shape: SHAPE, batchSize: 4, seed: 1, augment });
    } catch (error) {
      return (error as Error).message.replaceAll(/\s+/g, " ");
    }
    return "no error";
  };
  expect([
    refuse({ randomResizedCrop: [0.5, 0.2] }),
    refuse({ colorJitter: 2 }),
    refuse({ colorJitter: { hue: 0.6 } }),
    refuse({ randAugment: { operations: 0, magnitude: 3 } }),
    refuse({ randAugment: { operations: 1, magnitude: 31 } }),
    refuse({ cutout: 40 }),
    refuse({ colorJitter: 0.1 }, { ...split, x: Float32Array.from(split.x) }),
  ]).toMatchInlineSnapshot(`
    [
      "the plan of the batches is not valid field augment.randomResizedCrop got 0.5,0.2 wanted the least and the largest share of the area, in (0, 1]",
      "the plan of the batches is not valid field augment.colorJitter.brightness got 2 wanted brightness, contrast, saturation 0 … 1, hue 0 … 0.5",
      "the plan of the batches is not valid field augment.colorJitter.hue got 0.6 wanted brightness, contrast, saturation 0 … 1, hue 0 … 0.5",
      "the plan of the batches is not valid field augment.randAugment.operations got 0 wanted an integer 1 … 14",
      "the plan of the batches is not valid field augment.randAugment.magnitude got 31 wanted a number 0 … 30",
      "the plan of the batches is not valid field augment.cutout got 40 wanted 0 … 20, twice the size of the image",
      "the plan of the batches is not valid field augment got Float32Array of shape [3,8,10] wanted bytes of one or three colours, to change colours",
    ]
  `);
});
