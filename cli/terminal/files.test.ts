import { link, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkFiles } from "./files.ts";

let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "espalier-test-"));
  await mkdir(at("inner"));
  await writeFile(at("in.onnx"), "model");
  await writeFile(at("other.onnx"), "another");
  await link(at("in.onnx"), at("hard.onnx"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const outputs = (...paths: string[]) => paths.map((path, i) => ({ what: `output ${i + 1}`, path }));
const check = (...paths: string[]) =>
  checkFiles({ reads: [{ what: "input", path: at("in.onnx") }], writes: outputs(...paths) });

describe("an output that is an input is refused", () => {
  test.each<[string, () => string]>([
    ["the same path", () => at("in.onnx")],
    ["through a folder and back", () => `${at("inner")}/../in.onnx`],
    ["a relative path", () => relative(process.cwd(), at("in.onnx"))],
    ["a hard link", () => at("hard.onnx")],
  ])("%s", async (_, path) => {
    await expect(check(path())).rejects.toThrow(
      /would replace an input\n +input .*\n +output 1 .*\n +fix +choose another/,
    );
  });

  test.skipIf(process.platform === "win32")("a link to it, or to its folder", async () => {
    await symlink(at("in.onnx"), at("soft.onnx"));
    await symlink(folder, at("elsewhere"));
    await expect(check(at("soft.onnx"))).rejects.toThrow("would replace an input");
    await expect(check(at("elsewhere", "in.onnx"))).rejects.toThrow("would replace an input");
    await expect(check(at("elsewhere", "new.onnx"))).resolves.toBeUndefined();
  });
});

describe("two outputs that are one file are refused", () => {
  test.each<[string, () => [string, string]]>([
    ["the same path", () => [at("new.onnx"), at("new.onnx")]],
    ["through folders that are not there yet", () => [at("a/b/new.onnx"), `${at("a")}/./b/new.onnx`]],
    ["names that differ in case", () => [at("new.onnx"), at("New.ONNX")]],
    ["names that compose letters differently", () => [at("ne\u0308w.onnx"), at("n\u00ebw.onnx")]],
    ["a file that is there", () => [at("other.onnx"), at("inner", "..", "other.onnx")]],
  ])("%s", async (_, paths) => {
    await expect(check(...paths())).rejects.toThrow(/two outputs would be one file\n +output 1 .*\n +output 2 /);
  });

  test.skipIf(process.platform === "win32")("a link to what is not there yet, and a circle of links", async () => {
    await symlink(at("later.onnx"), at("dangling.onnx"));
    await expect(check(at("later.onnx"), at("dangling.onnx"))).rejects.toThrow("one file");
    await symlink(at("circle"), at("circle"));
    await expect(check(at("circle"), at("new.onnx"))).resolves.toBeUndefined();
  });
});

test("different files pass, whether they are there or not", async () => {
  await expect(check(at("new.onnx"), at("other.onnx"), at("new.json"), at("inner/new.onnx"))).resolves.toBeUndefined();
});

test("a folder and what is no regular file cannot be written to", async () => {
  await expect(check(at("inner"))).rejects.toThrow(/it is a folder\n +fix +name a file in it/);
  if (process.platform !== "win32") await expect(check("/dev/null")).rejects.toThrow("it is no regular file");
});
