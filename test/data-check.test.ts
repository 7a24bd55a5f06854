/** `data check` as a user meets it: a page of samples, and what of odd data is named. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";

const { espalier, asked, at } = commandLine();

/** Images of two classes; each class has `n`, numbered. */
async function photos(folder: string, n: number): Promise<void> {
  for (const name of ["cat", "dog"]) {
    mkdirSync(at(folder, name), { recursive: true });
    for (let i = 0; i < n; i++)
      await sharp({ create: { width: 8, height: 8, channels: 3, background: { r: 9 * i, g: n, b: 90 } } })
        .png()
        .toFile(at(folder, name, `${i}.png`));
  }
}

test("a page shows images as they are trained on, and names what is broken", async () => {
  await photos("photos", 6);
  const ran = await asked("data", "check", "photos", "--augment", "flip,mixup=0.2", "--html", "photos.html");
  expect([ran.status, ran.stdout], ran.stderr).toEqual([0, expect.stringContaining("wrote photos.html")]);
  expect(readFileSync(at("photos.html"), "utf8").match(/src="data:image\/png/g)).toHaveLength(10);
  writeFileSync(at("photos/dog/2.png"), "no image");
  writeFileSync(at("photos/cat/4.png"), readFileSync(at("photos/cat/5.png")).subarray(0, 60));
  const broken = await asked("data", "check", "photos", "--html", "photos.html");
  expect([broken.status, broken.stdout]).toEqual([1, expect.stringMatching(/left out: .*cat\/4\.png.*dog\/2\.png/)]);
  expect(readFileSync(at("photos.html"), "utf8")).toContain("dog/2.png");
  const onto = await asked("data", "check", "photos/cat/5.png", "--html", "photos/cat/5.png");
  expect([onto.status, onto.stderr]).toEqual([2, expect.stringContaining("would replace an input")]);
});

test("an empty class, one image alone and a file of another kind are named", async () => {
  await photos("empty", 3);
  mkdirSync(at("empty/yak"));
  const empty = await asked("data", "check", "empty");
  expect([empty.status, empty.stdout]).toEqual([1, expect.stringMatching(/empty\/yak/)]);
  mkdirSync(at("one/cat"), { recursive: true });
  writeFileSync(at("one/cat/0.png"), readFileSync(at("empty/cat/0.png")));
  const one = await asked("data", "check", "one");
  expect([one.status, one.stdout]).toEqual([
    1,
    expect.stringMatching(/one image alone, and none to test with[\s\S]*one/),
  ]);
});

test("CMYK, 16 bits, an animation and an image of 30,000 pixels train and are scored with the others", async () => {
  await photos("odd", 5);
  const flat = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: { r: 10, g: 200, b: 90 } } });
  const frames = Buffer.concat([Buffer.alloc(192, 255), Buffer.alloc(192, 0)]);
  const raw = { width: 8, height: 16, channels: 3, pageHeight: 8 } as const;
  await flat(8, 8).toColourspace("cmyk").jpeg().toFile(at("odd/cat/cmyk.jpg"));
  await flat(8, 8).toColourspace("rgb16").png().toFile(at("odd/cat/deep.png"));
  await sharp(frames, { raw })
    .gif({ delay: [9, 9] })
    .toFile(at("odd/dog/moving.gif"));
  await flat(30_000, 400).png({ compressionLevel: 9 }).toFile(at("odd/dog/wide.png"));
  const images = ["--data", "odd", "--resize", "16x16", "--threads", "1"];
  const few = ["--model", "lenet5-small", "--epochs", "1", "--batch-size", "4"];
  const ran = await espalier("train", ...few, ...images, "--augment", "flip,mixup=0.2", "--out", "odd-run");
  expect(ran.status, ran.stderr).toBe(0);
  expect(ran.stderr).toContain("1 hold several pictures: the first is taken");
  const scored = await asked("evaluate", "odd-run/model.onnx", "--data", "odd", "--threads", "1");
  expect(scored.status, scored.stderr).toBe(0);
});

test("a comparison trains on a folder of images and on a table, by what its file says of them", async () => {
  await photos("compared", 8);
  const rows = Array.from(
    { length: 60 },
    (_, i) => `${i % 2 ? i : -i},"a, ""quoted"" ${i % 3}",${i % 2 ? "odd" : "even"}`,
  );
  writeFileSync(at("compared.csv"), `size,kind,label\n${rows.join("\n")}\n`);
  const settings =
    "epochs: 1\nbatchSize: 8\nlr: 0.05\nmethods:\n  dense: { optimizer: sgd }\n  rmda: { optimizer: rmda }\n";
  const data = {
    images: "model: lenet5-small\ndata: compared\nresize: 16x16\naugment: { flip: true, mixup: 0.2 }\n",
    table: "model: mlp7\ndata: compared.csv\nlabelColumns: [label]\n",
  };
  for (const [name, own] of Object.entries(data)) {
    writeFileSync(at(`${name}.yaml`), own + settings);
    const ran = await espalier("compare", "--config", `${name}.yaml`, "--threads", "1", "--out", name);
    expect([ran.status, ran.stdout], ran.stderr).toEqual([0, expect.stringMatching(/runs finished +1 of 1 +1 of 1/)]);
  }
  writeFileSync(at("wrong.yaml"), data.images.replace("16x16", "16x") + settings);
  const wrong = await asked("compare", "--config", "wrong.yaml", "--out", "wrong");
  expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringMatching(/resize[\s\S]*224x160/)]);
});

test("quotes, missing values, a column of another type and labels that do not start at 0 are told by file and row", async () => {
  const check = (path: string, ...flags: string[]) => asked("data", "check", path, ...flags);
  const rows = Array.from({ length: 30 }, (_, i) => `${i},"of ""two"", parts",${5 + (i % 3)}`);
  writeFileSync(at("quoted.csv"), `size,text,label\n${rows.join("\n")}\n`);
  const quoted = await check("quoted.csv");
  expect([quoted.status, quoted.stdout]).toEqual([
    0,
    expect.stringMatching(/classes +8[\s\S]*no training sample: 0 … 4/),
  ]);
  writeFileSync(at("from1.csv"), `size,label\n${rows.map((_, i) => `${i},${1 + (i % 3)}`).join("\n")}\n`);
  const from1 = await check("from1.csv");
  expect([from1.status, from1.stdout]).toEqual([
    0,
    expect.stringContaining("1, 2, 3 are taken as the classes 0, 1, 2"),
  ]);
  writeFileSync(at("missing.csv"), `size,text,label\n${rows.join("\n").replace("\n7,", "\n,")}\n`);
  const missing = await check("missing.csv");
  expect([missing.status, missing.stdout]).toEqual([
    1,
    expect.stringMatching(/missing\.csv\n +line +9\n +column +size/),
  ]);
  const fixture = (name: string) => join(import.meta.dirname, "fixtures/parquet", name);
  const times = await check(fixture("times.parquet"));
  expect([times.status, times.stdout]).toEqual([1, expect.stringMatching(/times\.parquet\n +row +1\n +column +day/)]);
  const dropped = await check(fixture("kinds-zstd.parquet"), "--missing", "drop");
  expect([dropped.status, dropped.stdout]).toEqual([
    0,
    expect.stringContaining("2 rows in which something is missing"),
  ]);
});
