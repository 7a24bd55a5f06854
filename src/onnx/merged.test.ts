import { expect, test } from "vitest";
import {
  apart,
  descended,
  feedsOf,
  gradientsOf,
  outputsOf,
  sharedModel,
  torch,
} from "../../test/support/shared-models.ts";
import { builder } from "../graph/builder.ts";
import { roles } from "../graph/roles.ts";
import { f32 } from "../graph/tensor.ts";
import type { Model } from "../graph/types.ts";
import { runningStatistics } from "../graph/walk.ts";
import { marksOf } from "./marks.ts";
import { read } from "./read.ts";
import { sharingOf } from "./sharing.ts";
import { decode, encodeMessage } from "./wire.ts";
import { write } from "./write.ts";

const stored = ({ graph }: Model) =>
  new Map([...graph.initializers].map(([v, t]) => [v.name, t.data as Float32Array] as const));
const constantsOf = (model: Model) =>
  new Set([
    ...[...roles(model.graph, marksOf(model))].flatMap(([v, r]) => (r.learns ? [] : [v.name])),
    ...[...runningStatistics(model.graph)].map((v) => v.name),
  ]);

/** Parameters that a file lacks by name: an exporter kept the other name of two, or dropped a bias that was zero. */
const missing: Record<string, readonly string[]> = {
  "tied-head torchscript": ["head.weight"],
  "tied-head dynamo": ["wte.weight"],
  "shared-embedding torchscript": ["head.weight"],
  "shared-embedding dynamo": ["shared.weight"],
  "assigned torchscript": ["head.weight"],
  "assigned dynamo": ["wte.weight"],
  "assigned scripted": ["head.weight"],
  "fresh-norms dynamo": ["c1.bias", "c2.bias"],
  "zero-biases dynamo": ["a.bias", "b.bias", "c.bias"],
};
/** Of a file without these biases, training takes another way. */
const moves = (file: string) => !missing[file]?.some((p) => p.endsWith(".bias"));

const files = Object.keys(torch.models)
  .filter((name) => name !== "albert-wide")
  .flatMap((name) => ["torchscript", "dynamo"].map((by) => [name, by]));

test.each([...files, ["assigned", "scripted"]])(
  "%s by %s computes the same, and its parameters move as PyTorch's",
  async (name, by) => {
    const file = sharedModel(`${name}-${by}`);
    const model = read(file);
    const feeds = feedsOf(model, name);
    const truth = torch.models[name];
    const written = write(model);
    expect(apart(await outputsOf(written, feeds), await outputsOf(file, feeds))).toBe(0);
    expect(apart(await outputsOf(file, feeds), truth.out)).toBeLessThan(1e-5);
    expect(write(read(written))).toEqual(written);

    const gone = missing[`${name} ${by}`] ?? [];
    const gradients = await gradientsOf(model, feeds);
    const after = stored(await descended(model, feeds, constantsOf(model)));
    expect(Object.keys(truth.after).filter((p) => !after.has(p))).toEqual(gone);
    for (const p of Object.keys(truth.after).filter((x) => !gone.includes(x))) {
      expect(apart(gradients.get(p), truth.gradients[p]), `gradient of ${p}`).toBeLessThan(1e-4);
      if (moves(`${name} ${by}`)) expect(apart(after.get(p), truth.after[p]), p).toBeLessThan(1e-5);
    }
  },
);

const partings = (model: Model) => sharingOf(model).partings.map((p) => [p.name, ...p.apart].sort());

test("a layer that is applied several times stays one, and the norms beside it are their own", () => {
  for (const by of ["torchscript", "dynamo"]) {
    expect(partings(read(sharedModel(`albert-${by}`)))).toEqual([
      ["layer.n1.weight", "layer.n2.weight", "n.weight"],
      ["layer.n1.bias", "layer.n2.bias", "n.bias"],
    ]);
    expect(partings(read(sharedModel(`siamese-${by}`)))).toEqual([]);
  }
});

test("layers that began as copies have weights of their own", () => {
  const names = (by: string) => partings(read(sharedModel(`copies-${by}`)));
  expect(names("torchscript")).toContainEqual(["layers.0.q.bias", "layers.1.q.bias", "layers.2.q.bias"]);
  expect(names("dynamo")).toContainEqual(["layers.1.q.weight/val_2", "layers.2.q.weight/val_2", "val_2"]);
  expect(
    names("torchscript")
      .filter((p) => p[0].startsWith("onnx::MatMul"))
      .map((p) => p.length),
  ).toEqual(Array(6).fill(3));
});

test("a weight that two layers were given is one, though each has its own bias", () => {
  for (const by of ["torchscript", "dynamo", "scripted"]) {
    const model = read(sharedModel(`assigned-${by}`));
    expect(partings(model)).toEqual([]);
    expect([...model.graph.initializers.keys()].filter((v) => v.shape.length === 2).length).toBe(2);
  }
});

/** The file without the exporter's Identity nodes, as tools leave it that simplify files. */
function simplified(bytes: Uint8Array): Uint8Array {
  const file = decode("ModelProto", bytes);
  const graph = file.graph!;
  const names = new Map<string, string>();
  const node = (graph.node ?? []).filter(({ op_type, input = [], output = [] }) => {
    if (op_type !== "Identity") return true;
    names.set(output[0], names.get(input[0]) ?? input[0]);
    return false;
  });
  const renamed = node.map((n) => ({ ...n, input: n.input?.map((x) => names.get(x) ?? x) }));
  return encodeMessage("ModelProto", { ...file, graph: { ...graph, node: renamed } });
}

test("where other names are gone, the modules in the nodes' names give them back", () => {
  for (const name of ["albert", "fresh-norms", "zero-biases", "siamese"]) {
    const file = sharedModel(`${name}-torchscript`);
    expect(partings(read(simplified(file)))).toEqual(partings(read(file)));
  }
});

/** The file without names that tell: nodes, tensors and values are numbered, no Identity gives another name, nothing is noted. */
function anonymous(bytes: Uint8Array): Uint8Array {
  const file = decode("ModelProto", bytes);
  const graph = file.graph!;
  const names = new Map<string, string>();
  const fixed = [...(graph.input ?? []), ...(graph.output ?? [])].map((v) => v.name!);
  const named = (name: string): string => {
    if (name === "" || fixed.includes(name)) return name;
    if (!names.has(name)) names.set(name, `w${names.size}`);
    return names.get(name)!;
  };
  const kept = (graph.node ?? []).filter((n) => {
    const alias = n.op_type === "Identity";
    if (alias) names.set(n.output![0], named(n.input![0]));
    return !alias;
  });
  const node = kept.map(({ op_type, domain, attribute, input = [], output = [] }, i) => ({
    op_type,
    domain,
    attribute,
    name: `node ${i}`,
    input: input.map(named),
    output: output.map(named),
  }));
  const initializer = graph.initializer?.map((t) => ({ ...t, name: named(t.name!) }));
  return encodeMessage("ModelProto", { ...file, graph: { ...graph, node, initializer, value_info: [] } });
}

test.each([
  ["albert-torchscript", [3, 3]],
  ["shared-embedding-torchscript", [4, 4]],
  ["fresh-norms-torchscript", [6, 8]],
  ["zero-biases-torchscript", [3]],
  ["siamese-torchscript", []],
  ["siamese-dynamo", []],
])("without names, the weights next to them tell the layers of %s apart", async (name, counts) => {
  const file = anonymous(sharedModel(name));
  const model = read(file);
  expect(partings(model).map((p) => p.length)).toEqual(counts);
  const feeds = feedsOf(model, name.replace(/-[a-z]+$/, ""));
  expect(apart(await outputsOf(write(model), feeds), await outputsOf(file, feeds))).toBe(0);
});

test("what Espalier wrote is as it is stored, whoever reads it twice", () => {
  const g = builder();
  const gain = g.initializer("gain", f32([1, 1]));
  const x = g.input("x", "float32", [1, 2]);
  g.output(g.Mul(g.Relu(g.Mul(x, gain)), gain), "y");
  const model = { graph: g.build(), opset: 17, dims: new Map(), metadata: new Map([["a", "b"]]) };
  const again = read(write(model));
  expect([...again.graph.initializers.keys()].map((v) => v.name)).toEqual(["gain"]);
  expect([again.metadata, write(again)]).toEqual([model.metadata, write(model)]);
});
