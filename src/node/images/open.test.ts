import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, expect, test } from "vitest";
import { batches } from "../../data/batches.ts";
import { classNotes } from "../../data/check.ts";
import { preset } from "../../data/preprocessing.ts";
import { samplesAt } from "../../data/source.ts";
import { openImageFolder } from "./open.ts";

const base = mkdtempSync(join(tmpdir(), "images-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const png = (level: number, size = 4): Promise<Buffer> =>
  sharp(new Uint8Array(3 * size * size).fill(level), { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toBuffer();

let made = 0;
/** A folder with these files: levels of grey of a small image, or bytes. */
async function folder(files: Readonly<Record<string, number | Uint8Array>>): Promise<string> {
  const root = join(base, `${made++}`);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), typeof content === "number" ? await png(content) : content);
  }
  return root;
}

const message = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no error",
    (error: Error) => error.message.replaceAll(base, "").replaceAll(/\s+/g, " "),
  );

const some = { "train/b/2.png": 20, "train/b/10.png": 10, "train/a/x.png": 30, "test/a/1.png": 40, "test/b/1.png": 50 };
const levels = async (of: Parameters<typeof samplesAt>[0]) => {
  const { x, y } = await samplesAt(of, undefined, 0, of.count);
  return Array.from(y, (label, i) => [label, x[48 * i]]);
};

test("folders of classes in parts; classes and files in byte order", async () => {
  const data = await openImageFolder(await folder({ ...some, "train/Z/1.png": 1, "val/a/7.png": 60 }));
  expect(data).toMatchObject({
    shape: [3, 4, 4],
    classes: 3,
    classNames: ["Z", "a", "b"],
    mean: [0, 0, 0],
    std: [1, 1, 1],
  });
  expect(await levels(data.train)).toEqual([
    [0, 1],
    [1, 30],
    [2, 10],
    [2, 20],
  ]);
  expect(await levels(data.test)).toEqual([
    [1, 40],
    [2, 50],
  ]);
  expect(await levels(data.val!)).toEqual([[1, 60]]);
  expect(classNotes(data)).toEqual([]);
  expect(data.notes?.map(String)).toMatchInlineSnapshot(`
    [
      "images are taken as they are, x / 255, as nothing says another way: preset, resize, crop",
    ]
  `);
});

test("one held-out part is for testing; without one some are drawn, the same each time", async () => {
  const once = await openImageFolder(
    await folder({ "training/a/1.png": 1, "training/b/1.png": 2, "valid/a/1.png": 3 }),
  );
  expect([once.train.count, once.test.count, once.val]).toEqual([2, 1, undefined]);
  const files = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`${i % 2 ? "cat" : "dog"}/${i}.png`, i]));
  const path = await folder(files);
  const [a, b] = [await openImageFolder(path), await openImageFolder(path)];
  expect([a.train.count, a.test.count]).toEqual([8, 2]);
  expect(await levels(a.test)).toEqual(await levels(b.test));
  expect([...(await levels(a.train)), ...(await levels(a.test))].map(([, v]) => v).sort((p, q) => p - q)).toEqual([
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
  ]);
  expect((await openImageFolder(path, { testSplit: 0.5 })).test.count).toBe(5);
});

test("images are resized to what the model wants, and as it wants them", async () => {
  const path = await folder(some);
  const grey = await openImageFolder(path, { images: { size: [2, 2], channels: 1 } });
  expect([grey.shape, (await samplesAt(grey.train, undefined, 0, 1)).x]).toEqual([
    [1, 2, 2],
    new Uint8Array(4).fill(30),
  ]);
  const { shape, mean, std } = await openImageFolder(path, { preprocessing: preset("imagenet", 8) });
  expect({ shape, mean, std }).toEqual({ shape: [3, 8, 8], mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] });
  const asked = { images: { size: [9, 9] as const }, preprocessing: preset("clip", 8) };
  expect(await message(openImageFolder(path, asked))).toMatchInlineSnapshot(
    `"the preprocessing makes images of another size than the model wants got 8 × 8: shorter side to 8 (bicubic), the middle 8 × 8 wanted 9 × 9 fix give resize and crop that end in that size"`,
  );
  const changed = await openImageFolder(path, { images: { size: [2, 2] }, preset: "clip", resize: 3 });
  expect(changed.preprocessing).toMatchObject({ resize: { shortest: 3 }, crop: [2, 2], interpolation: "bicubic" });
  expect((await openImageFolder(path, { resize: 3 })).preprocessing).toMatchObject({
    resize: { shortest: 3 },
    crop: [3, 3],
  });
  const mixed = await folder({ ...some, "train/a/large.png": await png(1, 9) });
  expect(await message(openImageFolder(mixed))).toMatchInlineSnapshot(
    `"the images differ in size, and it is not said which size they shall have folder /4 got 9 × 9, 4 × 4 fix name the model that they are for, or give resize: a height and a width"`,
  );
});

test("a batch is the same wherever it is read, and decoded images are kept", async () => {
  const path = await folder(some);
  const cacheImages = join(base, "cache");
  const data = await openImageFolder(path, { cacheImages });
  const plan = { shape: data.shape, batchSize: 2, seed: 1 };
  const collect = async () => {
    const all: number[] = [];
    for await (const { x } of batches(data.train, plan)) all.push(...x);
    return all;
  };
  const first = await collect();
  const kept = readdirSync(cacheImages, { recursive: true, withFileTypes: true }).filter((e) => e.isFile());
  expect(kept).toHaveLength(3);
  expect(await collect()).toEqual(first);
  const [one, two] = kept.map((e) => join(e.parentPath, e.name));
  truncateSync(one, 20);
  writeFileSync(two, new Uint8Array(48 + 16));
  expect(await collect()).toEqual(first);
  const changed = join(path, "train/a/x.png");
  writeFileSync(changed, await png(99));
  utimesSync(changed, 1, 1);
  expect(await collect()).not.toEqual(first);
});

test("broken files are named; with skipBroken they are left out and named at the start", async () => {
  const whole = await png(5, 32);
  const jpeg = await sharp(whole).jpeg().toBuffer();
  const broken = {
    "train/a/cut.jpg": jpeg.subarray(0, jpeg.length - 100),
    "train/a/empty.png": new Uint8Array(0),
    "train/a/half.png": whole.subarray(0, whole.length / 2),
    "train/b/text.jpg": Buffer.from("not an image at all"),
    "train/b/x\u001b[31m.png": Buffer.from("\u0089PNG\r\n\u001a\n and no more", "latin1"),
  };
  const path = await folder({ ...some, ...broken });
  symlinkSync("nowhere.jpg", join(path, "train/b/link.jpg"));
  const options = { resize: [4, 4] as const };
  expect(await message(openImageFolder(path, options))).toMatchInlineSnapshot(
    `"the image cannot be read file /6/train/a/empty.png reason the file is empty fix get the file again or remove it; skipBroken leaves out all such files"`,
  );
  const { train, notes } = await openImageFolder(path, { ...options, skipBroken: true });
  expect(train.count).toBe(3);
  expect(notes?.map(String).at(-1)).toMatchInlineSnapshot(
    `"6 broken images are left out: a/cut.jpg (the file is damaged or cut short), a/empty.png (the file is empty), a/half.png (the file is damaged or cut short), b/link.jpg (there is no such file), b/text.jpg (its first bytes are those of no image), b/x[31m.png (the file is damaged or cut short)"`,
  );
  const late = await openImageFolder(await folder({ ...some, "train/a/cut.jpg": broken["train/a/cut.jpg"] }), options);
  expect(await message(samplesAt(late.train, undefined, 0, 4))).toMatchInlineSnapshot(
    `"the image cannot be read file /7/train/a/cut.jpg reason the file is damaged or cut short fix get the file again or remove it; skipBroken leaves out all such files"`,
  );
  const none = await folder({ ...some, "train/c/1.png": new Uint8Array(0) });
  expect(await message(openImageFolder(none, { ...options, skipBroken: true }))).toMatchInlineSnapshot(
    `"no image of a class can be read folder /8/train/c fix get its images again, or remove the folder"`,
  );
});

test("what is no folder of images is refused by what is wrong with it", async () => {
  const path = await folder({ ...some, "train/c/notes.txt": Buffer.from("") });
  expect(await message(openImageFolder(path))).toMatchInlineSnapshot(
    `"a class has no image folder /9/train/c wanted .jpg, .jpeg, .png, .webp, .gif, .tif, .tiff or .avif fix put images of the class in it, or remove the folder"`,
  );
  expect(await message(openImageFolder(await folder({ ...some, "test/d/1.png": 1 })))).toMatchInlineSnapshot(
    `"a class has no training images folder /10/test/d wanted a, b fix rename or remove the folder, or put images of the class in the folder for training"`,
  );
  expect(await message(openImageFolder(await folder({ ...some, "training/a/1.png": 1 })))).toMatchInlineSnapshot(
    `"two folders are for the same part: train folder /11 got train, training fix rename one"`,
  );
  expect(await message(openImageFolder(await folder({ "a/1.png": 1 })))).toMatchInlineSnapshot(
    `"there is one image alone, and none to test with folder /12 fix give more images, or folders train and test"`,
  );
  expect(await message(openImageFolder(await folder({ "a.png": 1 })))).toMatchInlineSnapshot(
    `"the folder has no folders of classes with images in them folder /13 wanted CLASS/*.jpg, or train/CLASS/*.jpg fix put the images of each class in a folder of its name"`,
  );
  expect(await message(openImageFolder(join(base, "nowhere")))).toMatchInlineSnapshot(
    `"cannot read the folder folder /nowhere reason there is no such file fix check the path and its permissions"`,
  );
  const loop = await folder(some);
  symlinkSync("..", join(loop, "train/a/up"));
  expect(await message(openImageFolder(loop))).toMatchInlineSnapshot(
    `"a link leads back to a folder that it is in folder /14/train/a/up/a fix remove the link"`,
  );
});

test("links to folders and files are followed; hidden files are not looked at", async () => {
  const path = await folder({ ...some, "train/a/.hidden.png": new Uint8Array(0), ".cache/x/1.png": 1 });
  symlinkSync(join(path, "train/b"), join(path, "train/c"));
  expect((await openImageFolder(path)).classNames).toEqual(["a", "b", "c"]);
});

test.skipIf(process.getuid?.() === 0)("a file or folder that cannot be read is named", async () => {
  const path = await folder(some);
  chmodSync(join(path, "train/a/x.png"), 0);
  expect(await message(openImageFolder(path))).toMatch(/x\.png reason permission denied/);
  chmodSync(join(path, "train/b"), 0);
  expect(await message(openImageFolder(path))).toMatch(/train\/b reason permission denied/);
});

test("an image of 30,000 pixels is made small while it is decoded", async () => {
  const size = 30_000;
  const large = await sharp({ create: { width: size, height: 2000, channels: 3, background: "#804020" } })
    .png()
    .toBuffer();
  const path = await folder({ ...some, "train/a/large.png": large });
  const before = process.memoryUsage.rss();
  const data = await openImageFolder(path, { resize: [4, 4] });
  const { x } = await samplesAt(data.train, Uint32Array.of(0), 0, 1);
  expect([x[0], x[16], x[32]]).toEqual([128, 64, 32]);
  expect(process.memoryUsage.rss() - before).toBeLessThan(150e6); // 180 MB of pixels
});
