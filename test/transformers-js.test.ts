/**
 * Folders that Espalier writes, loaded by transformers.js, whose engine is ONNX Runtime of Node.js. It is not among our packages:
 * `npm i @huggingface/transformers` in some folder, and name that folder in $ESPALIER_TRANSFORMERS_JS.
 */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Model, models, type Value, write } from "espalier";
import sharp from "sharp";
import { expect, test } from "vitest";
import { commandLine } from "./support/command-line.ts";

const { espalier, at, json } = commandLine();
const installed = process.env["ESPALIER_TRANSFORMERS_JS"];
const skipped = installed ? "" : " (skipped: $ESPALIER_TRANSFORMERS_JS is not set)";

interface Answer {
  readonly label: string;
  readonly score: number;
}

/** What transformers.js says of some inputs, every class of each, best first. */
async function answers(task: string, folder: string, inputs: readonly string[]): Promise<Answer[][]> {
  const at = createRequire(join(resolve(installed!), "package.json")).resolve("@huggingface/transformers");
  const { env, pipeline } = await import(pathToFileURL(at).href);
  env.allowRemoteModels = false;
  env.localModelPath = `${resolve(folder, "..")}/`;
  const run = await pipeline(task, folder.split("/").at(-1), { dtype: "fp32", device: "cpu" });
  try {
    const said: Answer[][] = [];
    for (const input of inputs) said.push(await run(input, { top_k: 3 }));
    return said;
  } finally {
    await run.dispose();
  }
}

test.skipIf(!installed)(`a text classifier${skipped}`, async () => {
  cpSync(join(import.meta.dirname, "fixtures/text/tiny-bert"), at("bert"), { recursive: true });
  expect((await espalier("prune", "bert", "small-bert", "--keep", "0.6", "--threads", "1")).status).toBe(0);
  const texts = ["the film was good", "the film"];
  const [before, after] = [
    await answers("text-classification", at("bert"), texts),
    await answers("text-classification", at("small-bert"), texts),
  ];
  expect(after.flat().map(({ label }) => label)).toEqual(before.flat().map(({ label }) => label));
  for (const [i, { score }] of after.flat().entries()) expect(score).toBeCloseTo(before.flat()[i].score, 1);
});

/** The model with the names of inputs and outputs that transformers.js gives. */
function named({ graph, ...rest }: Model): Model {
  const [input] = graph.inputs;
  const [output] = graph.outputs;
  const pixels: Value = { ...input, name: "pixel_values" };
  const logits: Value = { ...output, name: "logits" };
  const as = (v: Value) => (v === input ? pixels : v === output ? logits : v);
  const each = (vs: readonly (Value | null)[]) => vs.map((v) => v && as(v));
  const nodes = graph.nodes.map((n) => ({ ...n, inputs: each(n.inputs), outputs: each(n.outputs) }));
  const dims = new Map([...rest.dims].map(([name, of]) => [name === input.name ? "pixel_values" : name, of]));
  return { ...rest, dims, graph: { ...graph, nodes, inputs: [pixels], outputs: [logits] } };
}

test.skipIf(!installed)(`an image classifier, as a run wrote what it expects of images${skipped}`, async () => {
  const classes = ["dark", "light", "other"];
  for (const part of ["train", "val"])
    for (let i = 0; i < 12; i++) {
      const level = [20, 200, 110][i % 3] + i;
      mkdirSync(join(at("own"), part, classes[i % 3]), { recursive: true });
      const create = {
        width: 60 - i,
        height: 50,
        channels: 3,
        background: { r: level, g: 255 - level, b: level },
      } as const;
      await sharp({ create })
        .png()
        .toFile(join(at("own"), part, classes[i % 3], `${i}.png`));
    }
  mkdirSync(at("net/onnx"), { recursive: true });
  writeFileSync(
    at("net/onnx/model.onnx"),
    write(named(models.lenet5Small({ input: [3, 32, 32], classes: 3, seed: 1 }))),
  );
  writeFileSync(
    at("net/config.json"),
    JSON.stringify({ model_type: "resnet", architectures: ["ResNetForImageClassification"] }),
  );
  const train = async (out: string, ...more: string[]) => {
    const brief = ["--epochs", "20", "--batch-size", "8", "--optimizer", "adam", "--lr", "0.005", "--threads", "1"];
    const ran = await espalier(
      "train",
      "--model",
      "net",
      "--data",
      at("own"),
      "--preset",
      "imagenet",
      ...brief,
      "--out",
      out,
      ...more,
    );
    expect(ran.status, ran.stderr).toBe(0);
    const images = [0, 1, 2].map((i) => at("own/val", classes[i], `${i}.png`));
    return answers("image-classification", at(out, "small"), images);
  };
  const [beside, baked] = [await train("beside"), await train("baked", "--bake-normalization")];
  expect((await json("beside", "summary.json")).smallAccuracy).toBe(1);
  expect(beside.map(([{ label }]) => label)).toEqual(classes);
  for (const [i, { label, score }] of baked.flat().entries()) {
    expect(label).toBe(beside.flat()[i].label);
    expect(score).toBeCloseTo(beside.flat()[i].score, 4);
  }
});
