import { describe, expect, test } from "vitest";
import { loadGraph } from "../../test/fixtures/autodiff/run.ts";
import { backward } from "../autodiff/backward.ts";
import { builder } from "../graph/builder.ts";
import { check } from "../graph/check.ts";
import { print } from "../graph/print.ts";
import { f32, size } from "../graph/tensor.ts";
import type { Graph, Shape, Tensor } from "../graph/types.ts";
import { withoutUnread } from "../graph/walk.ts";
import { Random } from "../math/random.ts";
import { lower } from "./lower.ts";
import { withOutputNames } from "./output-names.ts";
import { keyOf } from "./pattern.ts";
import { extract, formulationsOf, sitesOf } from "./sites.ts";
import { portable, type Target, targetOf, withBlock } from "./target.ts";

const cpu = targetOf({ device: "cpu", threads: 1 });

/** Conv, ReLU and pooling, and their gradients. */
function program(x: Shape, w: Shape, group = 1): Graph {
  const g = builder("step");
  const [image, kernel] = [g.input("x", "float32", x), g.input("w", "float32", w)];
  const pads = [1, 1, 1, 1];
  const [y] = g.MaxPool(g.Relu(g.Conv(image, kernel, null, { pads, group })), {
    kernel_shape: [2, 2],
    strides: [2, 2],
  });
  const gradients = backward(g, g.ReduceSum(g.Mul(y, y), { keepdims: 0 }), [image, kernel]);
  g.output(gradients.get(image)!, "dx");
  g.output(gradients.get(kernel)!, "dw");
  return withoutUnread(g.build());
}

const feeds = (graph: Graph, random = new Random(1, "verify")): Record<string, Tensor> =>
  Object.fromEntries(
    graph.inputs.map((v) => [
      v.name,
      f32(
        Array.from({ length: size(v.shape) }, () => random.normal()),
        v.shape,
      ),
    ]),
  );

async function run(graph: Graph, given: Record<string, Tensor>): Promise<Record<string, number[]>> {
  const runnable = await loadGraph(graph);
  const out = await runnable.run(given);
  await runnable.release();
  return out;
}

const operators = (graph: Graph): string[] => [...new Set(graph.nodes.map((n) => n.op))].sort();

test("the portable target leaves a graph as it is", () => {
  const graph = program([2, 9, 8, 8], [4, 9, 3, 3]);
  expect(print(lower(graph, portable))).toBe(print(graph));
});

test("what is lowered has the same inputs and outputs, is well formed and says no more what its values are", () => {
  const graph = program([2, 9, 8, 8], [4, 9, 3, 3]);
  const lowered = lower(graph, cpu);
  expect(check(lowered)).toEqual([]);
  expect([lowered.inputs, lowered.outputs]).toEqual([graph.inputs, graph.outputs]);
  expect(lowered.meanings?.size).toBe(0);
  expect(print(lowered)).not.toBe(print(graph));
});

/** Which formulation a target prefers, found by asking for each in turn. */
function chosen(graph: Graph, target: Target): string[] {
  return sitesOf(graph).map((site) => {
    const alone = extract(graph, site);
    const by = (name: string) => print(lower(alone, target, { [keyOf(site)]: name }));
    const found = formulationsOf(site, target).filter((name) => by(name) === print(lower(alone, target)));
    return `${site.of}: ${found.join(" or ")}`;
  });
}

describe("the CPU chooses by shape", () => {
  const weight = (x: Shape, w: Shape, group?: number) =>
    chosen(program(x, w, group), cpu).filter((line) => /^Conv.+Gradient/.test(line));
  test("rows where the image is small", () => {
    expect(weight([2, 8, 4, 4], [4, 8, 3, 3])).toEqual(["ConvInputGradient: rows", "ConvWeightGradient: tall"]);
  });
  test("a flipped Conv above 16 positions", () => {
    expect(weight([2, 8, 6, 6], [4, 8, 3, 3])).toEqual(["ConvInputGradient: flipped", "ConvWeightGradient: tall"]);
    expect(weight([8, 8, 6, 6], [200, 8, 3, 3])[1]).toBe("ConvWeightGradient: rows");
  });
  test("halves above 256 positions, columns for few channels or groups", () => {
    expect(weight([2, 8, 18, 18], [4, 8, 3, 3])).toEqual(["ConvInputGradient: flipped", "ConvWeightGradient: halves"]);
    expect(weight([2, 3, 18, 18], [4, 3, 3, 3])[1]).toBe("ConvWeightGradient: columns");
    expect(weight([2, 16, 18, 18], [4, 8, 3, 3], 2)[1]).toBe("ConvWeightGradient: columns");
  });
  test("rows for a convolution of many channels on a small image, blocks where they are known and fit", () => {
    const all = (x: Shape, w: Shape, target: Target, group?: number) =>
      chosen(program(x, w, group), target)
        .filter((line) => /^Conv/.test(line))
        .sort();
    const blocked = withBlock(cpu, 16);
    const rows = ["Conv: rows", "ConvInputGradient: rows", "ConvWeightGradient: tall"];
    for (const target of [cpu, blocked]) expect(all([4, 32, 4, 4], [32, 32, 3, 3], target)).toEqual(rows);
    const channels = ["Conv: channels", "ConvInputGradient: rows", "ConvWeightGradient: channels"];
    for (const target of [cpu, blocked]) expect(all([2, 32, 4, 4], [32, 32, 3, 3], target)).toEqual(channels);
    const blocks = ["Conv: blocks", "ConvInputGradient: blocks", "ConvWeightGradient: tall"];
    expect(all([2, 32, 8, 8], [32, 32, 3, 3], blocked)).toEqual(blocks);
    expect(all([2, 24, 8, 8], [32, 24, 3, 3], blocked)[0]).toBe("Conv: plain");
    const depthwise = ["Conv: blocks", "ConvInputGradient: blocks", "ConvWeightGradient: blocks"];
    expect(all([2, 32, 4, 4], [32, 1, 3, 3], blocked, 32)).toEqual(depthwise);
  });
  test("no tall product for the weight's gradient where blocks are of 8 channels", () => {
    const of = (block: number | undefined) => chosen(program([2, 8, 6, 6], [8, 8, 3, 3]), withBlock(cpu, block));
    const weights = [undefined, 16, 8].map((block) => of(block).find((l) => l.startsWith("ConvWeightGradient")));
    expect(weights.map((line) => line!.split(" ")[1])).toEqual(["tall", "tall", "rows"]);
  });
  test("a mask for ReLU, tiles for pooling, and what nobody measured in a step as it is", () => {
    const rest = chosen(program([2, 8, 4, 4], [4, 8, 3, 3]), cpu).filter((line) => !/^Conv.+Gradient/.test(line));
    expect(rest).toEqual(["Conv: plain", "MaxPoolGradient: tiles", "ReluGradient: mask"]);
  });
});

test("the weight's gradient goes by samples where much is laid out for it, by several taps, and it is small", () => {
  const weightBy = (thresholds: object, x: number[], w: number[]) =>
    chosen(program(x, w), { ...cpu, thresholds: { ...cpu.thresholds!, ...thresholds } }).find((l) =>
      l.startsWith("ConvWeightGradient"),
    );
  const [x, w] = [
    [8, 8, 4, 4],
    [9, 8, 3, 3],
  ];
  expect(weightBy({ laidOut: 2304 }, x, w)).toBe("ConvWeightGradient: tall");
  expect(weightBy({ laidOut: 2592 }, [12, 8, 4, 4], w)).toBe("ConvWeightGradient: tallBySamples");
  expect(weightBy({ laidOut: 2591 }, [12, 8, 4, 4], w)).toBe("ConvWeightGradient: tall"); // 648 weights
  expect(weightBy({ laidOut: 300 }, x, [9, 8, 1, 1])).toBe("ConvWeightGradient: rows");
});

test("the choice follows the target's thresholds", () => {
  const graph = program([2, 8, 4, 4], [4, 8, 3, 3]);
  const thresholds = { ...cpu.thresholds!, inputRows: 8, productChannels: 9 };
  const lines = chosen(graph, { ...cpu, thresholds });
  expect(lines).toContain("ConvInputGradient: flipped");
  expect(lines).toContain("ConvWeightGradient: columns");
});

test("a device that nobody measured keeps the plain formulations", () => {
  const lines = chosen(program([2, 8, 4, 4], [4, 8, 3, 3]), targetOf({ device: "webgpu", threads: 1 }));
  expect(lines.map((line) => line.split(": ")[1])).toEqual(lines.map(() => "plain"));
});

describe("a target without an operator gets the same values without it", () => {
  const graph = program([2, 9, 8, 8], [4, 9, 3, 3]);
  const given = feeds(graph);
  for (const op of ["ConvTranspose", "Gather", "MatMul", "Pad", "Slice", "Where"])
    test(op, async () => {
      const target = { ...cpu, operators: { ...cpu.operators, "": cpu.operators[""].filter((o) => o !== op) } };
      const lowered = lower(graph, target);
      expect(operators(lowered)).not.toContain(op);
      const [got, wanted] = [await run(lowered, given), await run(lower(graph, portable), given)];
      for (const name of ["dx", "dw"]) {
        const scale = Math.max(1, ...wanted[name].map(Math.abs));
        const worst = Math.max(...got[name].map((v, i) => Math.abs(v - wanted[name][i]))) / scale;
        expect(worst, name).toBeLessThan(1e-5);
      }
    });
});

test("what a target does not run of an operator is computed otherwise", () => {
  const gradients = lower(program([2, 9, 8, 8], [4, 9, 3, 3]), portable);
  const limited = (rank: number, grouped?: true) => ({ ...portable, limits: [{ op: "ConvTranspose", rank, grouped }] });
  expect(operators(gradients)).toContain("ConvTranspose");
  expect(operators(lower(program([2, 9, 8, 8], [4, 9, 3, 3]), limited(4)))).toContain("ConvTranspose");
  expect(operators(lower(program([2, 9, 8, 8], [4, 9, 3, 3]), limited(3, true)))).toContain("ConvTranspose");
  expect(operators(lower(program([2, 9, 8, 8], [4, 9, 3, 3]), limited(3)))).not.toContain("ConvTranspose");
});

test("a plan decides, site by site", () => {
  const graph = program([2, 9, 8, 8], [4, 9, 3, 3]);
  const site = sitesOf(graph).find((s) => s.of === "ConvWeightGradient")!;
  expect(keyOf(site)).toMatchInlineSnapshot(
    `"ConvWeightGradient float32[2,9,8,8] float32[2,4,8,8] dilations=1,1 group=1 kernel_shape=3,3 pads=1,1,1,1 strides=1,1"`,
  );
  const plan = { [keyOf(site)]: "columns" };
  expect(operators(lower(graph, portable, plan))).toContain("ReduceSum");
  expect(print(lower(graph, cpu, plan))).not.toBe(print(lower(graph, cpu)));
  const plain = Object.fromEntries(sitesOf(graph).map((s) => [keyOf(s), "plain"]));
  expect(print(lower(graph, cpu, plain))).toBe(print(withOutputNames(graph)));
});

test("a target is plain data", () => {
  const target = { ...cpu, block: 16 };
  expect(JSON.parse(JSON.stringify(target))).toEqual(target);
});

test("what a target lacks is no option there", () => {
  const graph = program([2, 16, 4, 4], [16, 16, 3, 3]);
  const [site] = sitesOf(graph);
  expect(formulationsOf(site, { ...cpu, block: 16 })).toEqual(["plain", "channels", "rows", "blocks"]);
  expect(formulationsOf(site, { ...cpu, block: 5 })).toEqual(["plain", "channels", "rows"]);
  expect(formulationsOf(site, { ...portable, block: 16 })).toEqual(["plain", "channels", "rows"]);
  const withoutGather = cpu.operators[""].filter((op) => op !== "Gather");
  expect(formulationsOf(site, { ...cpu, operators: { "": withoutGather } })).toEqual(["plain"]);
});

test("an operator of another domain computes what its entry says", async () => {
  const g = builder();
  const [a, b] = [g.input("a", "float32", [2, 3, 2]), g.input("b", "float32", [2, 4, 3])];
  g.output(g.in("com.microsoft").FusedMatMul(a, b, { transA: 1, transB: 1, alpha: 2 }), "fused");
  const turned = [a, b].map((x) => g.Transpose(x, { perm: [0, 2, 1] }));
  g.output(g.Mul(g.MatMul(turned[0], turned[1]), 2), "plain");
  const { fused, plain } = await run(g.build(), feeds(g.build()));
  expect(fused.length).toBe(plain.length);
  fused.forEach((x, i) => void expect(x).toBeCloseTo(plain[i], 5));
});

test("a plan that does not fit is refused", () => {
  const graph = program([2, 8, 4, 4], [4, 4, 3, 3], 2);
  const site = sitesOf(graph).find((s) => s.of === "ConvWeightGradient")!;
  expect(() => lower(graph, cpu, { [keyOf(site)]: "halves" })).toThrowErrorMatchingInlineSnapshot(`
    [EspalierError: ConvWeightGradient has no formulation "halves" here
      value   Conv/Transpose_2
      site    ConvWeightGradient float32[2,8,4,4] float32[2,4,4,4] dilations=1,1 group=2 kernel_shape=3,3 pads=1,1,1,1 strides=1,1
      wanted  plain, columnsBySamples, columns
      fix     make the plan again for this model and device]
  `);
});
