/** A model's folder in, a smaller one out. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { node } from "../../engine/node.ts";
import { UsageError } from "../../error.ts";
import { tensor } from "../../graph/tensor.ts";
import type { Graph, Model } from "../../graph/types.ts";
import { write } from "../../onnx/write.ts";
import { shrink } from "../../shrink/shrink.ts";
import { keepVocab } from "../../shrink/vocabulary.ts";
import { readModel } from "../model-files.ts";
import { readTokenizer } from "../text/tokenizer-files.ts";
import { modelFileOf } from "./model-file.ts";
import { readModelFolder } from "./read-folder.ts";
import { writeModelFolder } from "./write-folder.ts";

const engine = node({ threads: 1 });
const fixture = join(import.meta.dirname, "../../../test/fixtures/text/tiny-bert");
let place = "";
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), "espalier-"));
});
afterAll(() => rm(place, { recursive: true }));

let copies = 0;
/** A folder of its own, with what a download has beside. */
async function copied(): Promise<string> {
  const folder = join(place, `copy-${copies++}`);
  await cp(fixture, folder, { recursive: true });
  await writeFile(join(folder, "onnx/model_quantized.onnx"), "q");
  await writeFile(join(folder, "model.safetensors"), "w");
  await writeFile(join(folder, "vocab.txt"), "v");
  await writeFile(join(folder, "README.md"), "read me");
  await mkdir(join(folder, ".git"));
  await writeFile(join(folder, ".git/HEAD"), "ref");
  return folder;
}

/** The first rows of the matrix that feeds the feed-forward's middle are zero: neurons that carry nothing, in some layers. */
function withDeadNeurons(model: Model, layers: number): Model {
  const initializers = new Map(model.graph.initializers);
  let left = layers;
  for (const [v, t] of initializers)
    if (left > 0 && v.shape.join() === "32,16") {
      left--;
      const data = Float32Array.from(t.data as Float32Array).fill(0, 0, 16 * 12);
      initializers.set(v, tensor("float32", v.shape, data));
    }
  const graph: Graph = { ...model.graph, initializers };
  return { ...model, graph };
}

test("what lies in a folder, and which of its models is read", async () => {
  const folder = await copied();
  const found = await readModelFolder(folder);
  expect(found).toMatchObject({ file: "onnx/model.onnx", tokenizer: true, classes: ["good", "bad"] });
  expect(found.notes.map(String)).toEqual(["onnx/model.onnx is read; the folder has onnx/model_quantized.onnx too"]);
  expect(write(await readModel(folder))).toEqual(write(await readModel(join(folder, found.file))));
  expect(await modelFileOf("any.onnx")).toBe("any.onnx");
});

test("a smaller model in the same folder: all that applies is there, and loads", async () => {
  const from = await readModelFolder(await copied());
  const before = withDeadNeurons(await readModel(from.path), 2);
  const { model: after } = await shrink(before, { engine });
  const to = join(place, "small");
  const written = await writeModelFolder(from, to, { before, after, bytes: write(after), classes: ["x", "y"] });
  expect(written.files).toEqual([
    "README.md",
    "config.json",
    "onnx/model.onnx",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
  ]);
  expect((await readdir(to)).sort()).toEqual([...new Set(written.files.map((f) => f.split("/")[0]))].sort());
  const notes = written.notes.map(String).join("\n");
  expect(notes).toContain("config.json says now: intermediate_size 32 → 20");
  expect(notes).toContain(
    "not copied, since they are the model as it was: model.safetensors, onnx/model_quantized.onnx",
  );
  const config = JSON.parse(await readFile(join(to, "config.json"), "utf8"));
  expect(config).toMatchObject({ intermediate_size: 20, hidden_size: 16, id2label: { 0: "good", 1: "bad" } });
  expect((await readTokenizer(to)).maxLength).toBe(48);
  await (await engine.load(write(await readModel(to)))).release();
});

test("numbers that differ from layer to layer stay, which is said; a folder without names gets those of the data", async () => {
  const folder = await copied();
  const config = JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
  const generic = { ...config, id2label: { 0: "LABEL_0", 1: "LABEL_1" } };
  await writeFile(join(folder, "config.json"), JSON.stringify(generic));
  const from = await readModelFolder(folder);
  expect(from.classes).toBeUndefined();
  const before = withDeadNeurons(await readModel(folder), 1);
  const { model: after } = await shrink(before, { engine });
  const to = join(place, "uneven");
  const { notes } = await writeModelFolder(from, to, { before, after, bytes: write(after), classes: ["no", "yes"] });
  expect(notes.map(String).join("\n")).toContain(
    "still says intermediate_size 32, which is 20, 32 in different layers",
  );
  const now = JSON.parse(await readFile(join(to, "config.json"), "utf8"));
  expect(now).toMatchObject({ intermediate_size: 32, id2label: { 0: "no", 1: "yes" }, label2id: { no: 0, yes: 1 } });
});

test("a vocabulary that is cut is cut in every file that speaks of it", async () => {
  const folder = await copied();
  const config = JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
  await writeFile(join(folder, "config.json"), JSON.stringify({ ...config, sep_token_id: 3, mask_token_id: 150 }));
  const from = await readModelFolder(folder);
  const before = await readModel(folder);
  const ids = [0, 1, 2, 3, 4, 40, 61, 85];
  const { model: after } = keepVocab(before, ids, { input: "input_ids" });
  const to = join(place, "words");
  const { notes } = await writeModelFolder(from, to, { before, after, bytes: write(after), ids });
  expect(notes.map(String).join("\n")).toContain("vocab_size 160 → 8");
  expect(notes.map(String).join("\n")).toContain("vocab.txt");
  const now = JSON.parse(await readFile(join(to, "config.json"), "utf8"));
  expect(now).toMatchObject({ vocab_size: 8, pad_token_id: 0, sep_token_id: 3, mask_token_id: null });
  const [old, cut] = [await readTokenizer(folder), await readTokenizer(to)];
  expect(cut.encode("the film").ids.map((id) => ids[id])).toEqual(old.encode("the film").ids);
});

test("what is wrong is named by its file", async () => {
  const empty = join(place, "empty");
  await mkdir(empty);
  await expect(readModelFolder(empty)).rejects.toThrow(/no ONNX model/);
  await expect(readModelFolder(join(place, "none"))).rejects.toThrow(/no such folder/);
  await writeFile(join(empty, "a.onnx"), "");
  await writeFile(join(empty, "b.onnx"), "");
  await expect(readModel(empty)).rejects.toThrow(/several models[\s\S]*a.onnx, b.onnx/);
  const folder = await copied();
  await writeFile(join(folder, "config.json"), '{"id2label": {"1": "x"}}');
  await expect(readModelFolder(folder)).rejects.toThrow(/id2label/);
  await writeFile(join(folder, "config.json"), "{");
  await expect(readModelFolder(folder)).rejects.toThrow(/no JSON[\s\S]*config.json/);
  const from = await readModelFolder(fixture);
  const model = await readModel(fixture);
  const put = (to: string) => writeModelFolder(from, to, { before: model, after: model, bytes: write(model) });
  await expect(put(fixture)).rejects.toThrow(UsageError);
  await expect(put(join(fixture, "small"))).rejects.toThrow(/into itself/);
  await expect(put(join(empty, "a.onnx"))).rejects.toThrow(/a file stands/);
});
