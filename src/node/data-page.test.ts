/** What is in data, as a page. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { datasets } from "./datasets.ts";
import { readTokenizer } from "./text/tokenizer-files.ts";

const folder = mkdtempSync(join(tmpdir(), "page-"));
const plain = (html: string): string => html.replaceAll(/<style>.*?<\/style>|<[^>]*>/gs, " ").replaceAll(/\s+/g, " ");
const loadsNothing = (html: string): void => expect(html).not.toMatch(/<script|<link|src="(?!data:)|https?:/);

test("images as they are trained on, the balance of classes, and every broken file", async () => {
  for (const [name, n] of [
    ["cat", 9],
    ["<dog>", 6],
  ] as const) {
    mkdirSync(join(folder, "photos", name), { recursive: true });
    for (let i = 0; i < n; i++)
      await sharp({ create: { width: 6, height: 5, channels: 3, background: { r: 20 * i, g: n, b: 200 } } })
        .png()
        .toFile(join(folder, "photos", name, `${i}.png`));
  }
  const photos = join(folder, "photos");
  const { html, check } = await datasets.page(photos, {}, { augment: { flip: true, mixup: 0.4 }, count: 5 });
  loadsNothing(html);
  expect(html.match(/src="data:image\/png/g)).toHaveLength(5);
  expect(plain(html)).toMatch(/&lt;dog&gt; \d 0|cat \d \d/);
  expect(plain(html)).toContain("5 of 12 training images of [3,5,6], varied as in training.");
  expect(plain(html)).toMatch(/(cat|&lt;dog&gt;) \d+ %, (cat|&lt;dog&gt;) \d+ %/);
  expect(check.errors).toEqual([]);
  expect((await datasets.page(photos, {}, { count: 5 })).html).toContain("as they are, without augmentation");
  for (const at of ["cat/3.png", "<dog>/1.png"]) writeFileSync(join(photos, at), "no image");
  const broken = await datasets.page(photos, {}, { spell: (name, option) => (option ? `--${name}` : name) });
  expect(broken.check.errors.map((e) => e.message).join()).toContain("1.png");
  expect(plain(broken.html)).toMatch(
    /Errors the image cannot be read file .*2 broken images are left out: .*1\.png.*3\.png/,
  );
  expect(plain(broken.html)).toContain("--skipBroken");
});

test("of a table the first rows as the file has them; of texts their tokens", async () => {
  const rows = Array.from({ length: 40 }, (_, i) => `${i + 0.5},${["red", "blue"][i % 2]},${i % 3 ? "<no>" : "yes"}`);
  const path = join(folder, "t.csv");
  writeFileSync(path, `size,colour,label\n${rows.join("\n")}\n`);
  const { html, check } = await datasets.page(path);
  loadsNothing(html);
  const { train } = check.found!.parts;
  expect(plain(html)).toContain("size colour label");
  const shown = rows.filter((row) =>
    plain(html).includes(` ${row.replace("<no>", "&lt;no&gt;").replaceAll(",", " ")} `),
  );
  expect(shown).toHaveLength(20);
  expect(plain(html)).toContain(`train ${train.count} samples`);
  const tokenizer = await readTokenizer(join(import.meta.dirname, "../../test/fixtures/text/tiny-bert"));
  writeFileSync(join(folder, "r.csv"), `review,label\n${rows.map((_, i) => `the film ${i},${i % 2}`).join("\n")}\n`);
  const texts = await datasets.page(join(folder, "r.csv"), { text: { tokenizer } });
  expect(plain(texts.html)).toMatch(/First rows number 0 number 1 .* label/);
});

test("data that cannot be opened has a page that says why", async () => {
  const path = join(folder, "odd.csv");
  writeFileSync(path, "a,label\n1,yes\n,no\n3,yes\n");
  const { html, check } = await datasets.page(path);
  expect(check.errors).toHaveLength(1);
  expect(plain(html)).toMatch(
    /This data cannot be used as it is\. Errors a value is missing file .*odd\.csv line 3 column a/,
  );
  await expect(datasets.page(path, {}, 5 as never)).rejects.toThrow("shown");
});
