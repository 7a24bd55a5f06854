/** `data check` as a user meets it: a page of samples, and what of odd data is named. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import sharp from "sharp";
import { expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";

const { espalier, at } = commandLine();

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
  const ran = await espalier("data", "check", "photos", "--augment", "flip,mixup=0.2", "--html", "photos.html");
  expect([ran.status, ran.stdout], ran.stderr).toEqual([0, expect.stringContaining("wrote photos.html")]);
  expect(readFileSync(at("photos.html"), "utf8").match(/src="data:image\/png/g)).toHaveLength(10);
  writeFileSync(at("photos/dog/2.png"), "no image");
  writeFileSync(at("photos/cat/4.png"), readFileSync(at("photos/cat/5.png")).subarray(0, 60));
  const broken = await espalier("data", "check", "photos", "--html", "photos.html");
  expect([broken.status, broken.stdout]).toEqual([1, expect.stringMatching(/left out: .*cat\/4\.png.*dog\/2\.png/)]);
  expect(readFileSync(at("photos.html"), "utf8")).toContain("dog/2.png");
  const onto = await espalier("data", "check", "photos/cat/5.png", "--html", "photos/cat/5.png");
  expect([onto.status, onto.stderr]).toEqual([2, expect.stringContaining("would replace an input")]);
});

test("an empty class, one image alone and a file of another kind are named", async () => {
  await photos("empty", 3);
  mkdirSync(at("empty/yak"));
  const empty = await espalier("data", "check", "empty");
  expect([empty.status, empty.stdout]).toEqual([1, expect.stringMatching(/empty\/yak/)]);
  mkdirSync(at("one/cat"), { recursive: true });
  writeFileSync(at("one/cat/0.png"), readFileSync(at("empty/cat/0.png")));
  const one = await espalier("data", "check", "one");
  expect([one.status, one.stdout]).toEqual([
    1,
    expect.stringMatching(/one image alone, and none to test with[\s\S]*one/),
  ]);
});
