/** Every command that writes: what would replace an input, or another output, is refused before anything is written. */
import { createHash } from "node:crypto";
import { copyFile, cp, link, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";

const { asked, at } = commandLine();

beforeAll(async () => {
  const fixtures = fileURLToPath(new URL("fixtures/onnx/", import.meta.url));
  await copyFile(join(fixtures, "torch-mlp-17.onnx"), at("in.onnx"));
  await link(at("in.onnx"), at("hard.onnx"));
  await copyFile(join(fixtures, "external.onnx"), at("external.onnx"));
  await copyFile(join(fixtures, "external.bin"), at("external.bin"));
  await mkdir(at("run"));
  await cp(at("in.onnx"), at("run", "model.onnx"));
  await mkdir(at("compared", "dense", "seed-1"), { recursive: true });
  await cp(at("in.onnx"), at("compared", "dense", "seed-1", "small.onnx"));
  await mkdir(at("data"));
  await writeFile(at("data", "train.bin"), "images");
  const settings = "data: digits\nepochs: 1\nmethods: { dense: { optimizer: sgd } }\n";
  await writeFile(at("compare.yaml"), `model: compared/dense/seed-1/small.onnx\n${settings}`);
  await writeFile(at("compared", "compare.md"), `model: logistic\n${settings}`);
  await writeFile(at("run", "report.html"), "model: logistic\ndata: digits\n");
  if (process.platform !== "win32") await symlink(at("in.onnx"), at("soft.onnx"));
});

/** Every file below the folder, with what it holds. */
async function everything(): Promise<string[]> {
  const names = (await readdir(at(), { recursive: true })).sort();
  const files = [];
  for (const name of names) {
    const isFile = (await stat(at(name))).isFile();
    files.push(
      `${name} ${
        isFile
          ? createHash("sha256")
              .update(await readFile(at(name)))
              .digest("hex")
          : ""
      }`,
    );
  }
  return files;
}

const INPUT = /an output would replace an input/;
const OUTPUTS = /two outputs would be one file/;

describe("refused", () => {
  test.each<[string, RegExp]>([
    ["shrink in.onnx in.onnx", INPUT],
    ["shrink in.onnx ./in.onnx", INPUT],
    ["shrink in.onnx hard.onnx", INPUT],
    ["shrink in.onnx out.onnx --certificate in.onnx", INPUT],
    ["shrink in.onnx out.onnx --certificate out.onnx", OUTPUTS],
    ["shrink in.onnx out.onnx --certificate ./OUT.onnx", OUTPUTS],
    ["shrink external.onnx external.bin", INPUT],
    ["shrink in.onnx data/train.bin --data data", INPUT],
    ["factorize in.onnx in.onnx --keep 0.5", INPUT],
    ["factorize in.onnx hard.onnx --keep 0.5", INPUT],
    ["factorize external.onnx external.bin --keep 0.5", INPUT],
    ["factorize in.onnx data/train.bin --data data", INPUT],
    ["train --model run/model.onnx --data digits --out run --overwrite", INPUT],
    ["train --model ./run/model.onnx --data digits --out ./run/ --resume", INPUT],
    ["train --config run/report.html --out run", INPUT],
    ["compare --config compare.yaml --out compared", INPUT],
    ["compare --config compared/compare.md --out compared --overwrite", INPUT],
    ...(process.platform === "win32"
      ? []
      : ([
          ["shrink soft.onnx in.onnx", INPUT],
          ["shrink in.onnx soft.onnx", INPUT],
          ["factorize soft.onnx in.onnx --keep 0.5", INPUT],
        ] as [string, RegExp][])),
  ])("%s", async (line, said) => {
    const before = await everything();
    const { status, stdout, stderr } = await asked(...line.split(" "));
    expect(stderr).toMatch(said);
    expect([status, stdout]).toEqual([2, ""]);
    expect(await everything()).toEqual(before);
  });
});
