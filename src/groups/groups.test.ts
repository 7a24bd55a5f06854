import { expect, test } from "vitest";
import { type Builder, builder } from "../graph/builder.ts";
import { f32, full, i64, zeros } from "../graph/tensor.ts";
import type { Graph, Shape, Value } from "../graph/types.ts";
import { withoutUnread } from "../graph/walk.ts";
import { model } from "../models/index.ts";
import { channelsOf, obstacleText } from "./channels.ts";
import type { GroupSet } from "./group-set.ts";
import { groupSets } from "./groups.ts";
import { countZeros, zeroGroups } from "./zeros.ts";

const w = (g: Builder, name: string, shape: Shape): Value => g.initializer(name, full(shape, 1));
/** `name: count groups of size in members`, one line per set. */
const describe = (sets: readonly GroupSet[]) =>
  sets
    .map(({ name, count, sizes, members }) => {
      const parts = members.map(
        (m) => `${m.param.name} [${m.view}]@${m.axes}${m.channels ? ` {${m.channels.join(" ")}}` : ""}`,
      );
      return `${name}: ${count} of ${[...new Set(sizes)].join("/")} in ${parts.join(", ")}`;
    })
    .join("\n");
const graph = (build: (g: Builder) => Value): Graph => {
  const g = builder();
  g.output(build(g), "y");
  return g.build();
};

/** conv 1→4, pool, conv 4→6, flatten (3×3), fc 54→5→3 */
const lenet = graph((g) => {
  const x = g.input("x", "float32", [2, 1, 16, 16]);
  const c1 = g.Conv(x, w(g, "c1", [4, 1, 3, 3]), w(g, "b1", [4]));
  const p1 = g.MaxPool(g.Relu(c1), { kernel_shape: [2, 2], strides: [2, 2] })[0];
  const p2 = g.Conv(p1, w(g, "c2", [6, 4, 5, 5]), null);
  const f = g.Flatten(p2);
  const h = g.Relu(g.Gemm(f, w(g, "f1", [5, 54]), w(g, "bf1", [5]), { transB: 1 }));
  return g.Gemm(h, w(g, "f2", [3, 5]), null, { transB: 1 });
});

test("inputChannel: every weight's input axis, the network's input included", () => {
  expect(describe(groupSets(lenet, "inputChannel"))).toMatchInlineSnapshot(`
    "c1: 1 of 36 in c1 [4,1,3,3]@1
    c2: 4 of 150 in c2 [6,4,5,5]@1
    f1: 54 of 5 in f1 [5,54]@1
    f2: 5 of 3 in f2 [3,5]@1"
  `);
});

test("coupled, consumer side: a flattened channel is a block of columns; inputs and outputs are left alone", () => {
  expect(describe(groupSets(lenet, "coupled"))).toMatchInlineSnapshot(`
    "c1: 4 of 150 in c2 [6,4,5,5]@1
    c2: 6 of 45 in f1 [5,6,9]@1
    f1: 5 of 3 in f2 [3,5]@1"
  `);
});

test("coupled, producer side: filter and bias of every hidden channel", () => {
  expect(describe(groupSets(lenet, "coupled", { side: "producer" }))).toMatchInlineSnapshot(`
    "c1: 4 of 10 in c1 [4,1,3,3]@0, b1 [4]@0
    c2: 6 of 100 in c2 [6,4,5,5]@0
    f1: 5 of 55 in f1 [5,54]@0, bf1 [5]@0"
  `);
});

test("a residual stream is one set: all its readers, or all its makers", () => {
  const net = graph((g) => {
    const x = g.input("x", "float32", [1, 3, 8, 8]);
    const pads = [1, 1, 1, 1];
    const bn = (v: Value, name: string) =>
      g.BatchNormalization(
        v,
        ...(["g", "b", "m", "v"].map((k) => w(g, name + k, [4])) as [Value, Value, Value, Value]),
      );
    let s = g.Relu(bn(g.Conv(x, w(g, "stem", [4, 3, 3, 3]), null, { pads }), "n0"));
    for (const i of [1, 2]) {
      const a = g.Relu(g.Conv(s, w(g, `a${i}`, [5, 4, 3, 3]), null, { pads }));
      s = g.Relu(g.Add(s, bn(g.Conv(a, w(g, `b${i}`, [4, 5, 3, 3]), null, { pads }), `n${i}`)));
    }
    return g.Gemm(g.Flatten(g.GlobalAveragePool(s)), w(g, "fc", [2, 4]), null, { transB: 1 });
  });
  expect(describe(groupSets(net, "coupled"))).toMatchInlineSnapshot(`
    "stem: 4 of 92 in a1 [5,4,3,3]@1, a2 [5,4,3,3]@1, fc [2,4]@1
    a1: 5 of 36 in b1 [4,5,3,3]@1
    a2: 5 of 36 in b2 [4,5,3,3]@1"
  `);
  expect(describe(groupSets(net, "coupled", { side: "producer" }))).toMatchInlineSnapshot(`
    "stem: 4 of 123 in stem [4,3,3,3]@0, n0g [4]@0, n0b [4]@0, b1 [4,5,3,3]@0, n1g [4]@0, n1b [4]@0, b2 [4,5,3,3]@0, n2g [4]@0, n2b [4]@0
    a1: 5 of 36 in a1 [5,4,3,3]@0
    a2: 5 of 36 in a2 [5,4,3,3]@0"
  `);
});

test("concat, split, depthwise and grouped convolutions", () => {
  const net = graph((g) => {
    const x = g.input("x", "float32", [1, 3, 8, 8]);
    const a = g.Conv(x, w(g, "a", [4, 3, 1, 1]), null);
    const b = g.Conv(x, w(g, "b", [2, 3, 1, 1]), null);
    const both = g.Concat([a, b], { axis: 1 });
    const d = g.Conv(both, w(g, "depthwise", [6, 1, 3, 3]), null, { group: 6 });
    const [p, q] = g.Split(g.Relu(d), { axis: 1, split: [3, 3] });
    const s = g.Conv(g.Add(p, q), w(g, "s", [8, 3, 1, 1]), null);
    const u = g.Conv(s, w(g, "grouped", [8, 4, 1, 1]), null, { group: 2 });
    return g.GlobalAveragePool(g.Conv(u, w(g, "last", [2, 8, 1, 1]), null));
  });
  expect(describe(groupSets(net, "coupled"))).toMatchInlineSnapshot(`
    "a: 3 of 8 in s [8,3,1,1]@1
    s: 4 of 8 in grouped [8,4,1,1]@1
    grouped: 4 of 4 in last [2,2,4,1,1]@2"
  `);
  expect(describe(groupSets(net, "inputChannel"))).toMatchInlineSnapshot(`
    "a: 3 of 4 in a [4,3,1,1]@1
    b: 3 of 2 in b [2,3,1,1]@1
    depthwise: 6 of 9 in depthwise [6,1,3,3]@0
    s: 3 of 8 in s [8,3,1,1]@1
    grouped: 8 of 4 in grouped [2,4,4,1,1]@0,2
    last: 8 of 2 in last [2,8,1,1]@1"
  `);
});

test("a shared weight is one member; a weight stored transposed is seen on its own axes", () => {
  const net = graph((g) => {
    const x = g.input("x", "float32", [1, 3]);
    const shared = w(g, "shared", [4, 4]);
    const h = g.Relu(g.MatMul(x, w(g, "in", [3, 4])));
    const h2 = g.Relu(g.MatMul(g.Relu(g.MatMul(h, shared)), shared));
    return g.MatMul(h2, g.Transpose(w(g, "out", [2, 4]), { perm: [1, 0] }));
  });
  expect(describe(groupSets(net, "coupled"))).toMatchInlineSnapshot(`"in: 4 of 6 in shared [4,4]@0, out [2,4]@1"`);
});

test("NHWC flattening repeats the channels", () => {
  const net = graph((g) => {
    const x = g.input("x", "float32", [1, 3, 2, 2]);
    const t = g.Transpose(g.Conv(x, w(g, "c", [3, 3, 1, 1]), null), { perm: [0, 2, 3, 1] });
    return g.MatMul(g.Reshape(t, { shape: [-1, 12] }), w(g, "d", [12, 2]));
  });
  expect(describe(groupSets(net, "coupled"))).toMatchInlineSnapshot(`"c: 3 of 8 in d [4,3,2]@1"`);
});

test("transposed convolution, channel slices, gathers, unflattening", () => {
  const net = graph((g) => {
    const x = g.input("x", "float32", [2, 5]);
    const h = g.Reshape(g.Gemm(x, w(g, "d", [5, 24]), w(g, "db", [24])), { shape: [-1, 6, 2, 2] });
    const t = g.ConvTranspose(h, w(g, "t", [6, 4, 2, 2]), null, { strides: [2, 2] });
    const s = g.Slice(t, { starts: [1], ends: [4], axes: [1] });
    const k = g.Gather(s, g.constant(i64([2, 0])), { axis: 1 });
    return g.Conv(k, w(g, "k", [1, 2, 1, 1]), null);
  });
  expect(describe(groupSets(net, "coupled"))).toMatchInlineSnapshot(`
    "d: 6 of 16 in t [6,4,2,2]@0
    t: 2 of 1 in k [1,2,1,1]@1 {1 0}"
  `);
});

test("what cannot be removed has a reason that names the operator", () => {
  const g = builder();
  const x = g.input("x", "float32", [1, 4]);
  const h = g.MatMul(x, w(g, "a", [4, 5]));
  const s = g.Softmax(h);
  const u = g.emit("Softplus", [g.MatMul(s, w(g, "b", [5, 6]))])[0];
  g.output(u, "y");
  const net = g.build();
  const channels = channelsOf(withoutUnread(net));
  const why = (v: Value, axis: number) => {
    const c = channels.of(v, axis);
    return obstacleText(c ? channels.obstacle(c[0])! : channels.closed(v, axis)!);
  };
  expect(why(x, 1)).toMatchInlineSnapshot(`"it is the network's input "x""`);
  expect(why(h, 1)).toMatchInlineSnapshot(`"Softmax "Softmax" normalizes over this axis"`);
  expect(why(s, 1)).toMatchInlineSnapshot(`"Softmax "Softmax" normalizes over this axis"`);
  expect(why(u, 1)).toMatchInlineSnapshot(`"it reaches the network's output "y""`);
  expect(groupSets(net, "coupled")).toEqual([]);
});

test("a width of one stays, and says so", () => {
  const g = builder();
  const h = g.MatMul(g.input("x", "float32", [1, 4]), w(g, "a", [4, 1]));
  g.output(g.MatMul(g.Relu(h), w(g, "b", [1, 2])), "y");
  const channels = channelsOf(withoutUnread(g.build()));
  expect(obstacleText(channels.obstacle(channels.of(h, 1)![0])!)).toBe("it is the only channel");
});

test("an operator without a rule is a barrier", () => {
  const g = builder();
  const h = g.MatMul(g.input("x", "float32", [1, 4]), w(g, "a", [4, 5]));
  const out = { name: "magic", dtype: "float32", shape: [1, 5] } as const;
  g.add({ op: "Magic", domain: "com.example", name: "magic", inputs: [h], outputs: [out], attrs: {} });
  g.output(g.MatMul(out, w(g, "b", [5, 2])), "y");
  const channels = channelsOf(withoutUnread(g.build()));
  expect(obstacleText(channels.obstacle(channels.of(h, 1)![0])!)).toBe('Magic "magic" has no grouping rule');
});

const blockNet = graph((g) => {
  const x = g.input("x", "float32", [1, 4, 5, 5]);
  const c = g.Conv(x, w(g, "conv", [6, 4, 2, 2]), w(g, "bias", [6]));
  const d = g.Conv(c, w(g, "depthwise", [6, 1, 3, 3]), null, { group: 6 });
  const u = g.Conv(d, w(g, "grouped", [8, 3, 1, 1]), null, { group: 2 });
  const t = g.ConvTranspose(u, w(g, "up", [8, 2, 2, 2]), null, { strides: [2, 2] });
  const f = g.Flatten(t);
  return g.MatMul(g.Gemm(f, w(g, "dense", [4, 32]), null, { transB: 1 }), w(g, "out", [4, 3]));
});

test("blocks: outputs × inputs with all kernel positions, on whichever axes they are stored; smaller ones at the end", () => {
  expect(describe(groupSets(blockNet, { block: [2, 4] }))).toMatchInlineSnapshot(`
    "conv: 3 of 32 in conv [3,2,1,4,2,2]@0,2
    depthwise: 3 of 18 in depthwise [3,2,3,3]@0
    grouped: 4 of 6 in grouped [2,1,2,2,1,3,1,1]@0,2,4
    up: 2 of 32 in up [2,4,1,2,2,2]@0,2
    dense: 16 of 8 in dense [2,2,8,4]@0,2
    out: 2 of 8/4 in out [1,4,2,2]@0,2"
  `);
  const [conv] = groupSets(blockNet, { block: [4, 3] });
  expect(conv.members[0]).toMatchObject({ view: [2, 4, 2, 3, 2, 2], axes: [0, 2] });
  expect(conv.members[0].pad).toEqual({ from: [6, 4, 2, 2], to: [8, 6, 2, 2] });
  expect([...conv.sizes]).toEqual([48, 16, 24, 8]); // 4·3, 4·1, 2·3, 2·1 kernels of four
  expect(groupSets(blockNet, { block: [100, 100] }).map((s) => [s.name, ...s.sizes])).toEqual([
    ["conv", 96],
    ["depthwise", 54],
    ["grouped", 12, 12],
    ["up", 64],
    ["dense", 128],
    ["out", 12],
  ]);
  expect(() => groupSets(blockNet, { block: [2, 0] })).toThrow("out of range");
});

test("zero blocks are found where they do not divide the weight", () => {
  const sets = groupSets(blockNet, { block: [4, 3] }).filter((s) => s.name === "conv" || s.name === "out");
  const conv = full([6, 4, 2, 2], 1);
  for (let o = 4; o < 6; o++) for (let k = 0; k < 4; k++) conv.data[(o * 4 + 3) * 4 + k] = 0; // the corner block
  const out = full([4, 3], 1); // [in, out]: 3×4 blocks of one block of outputs, two of inputs
  for (let o = 0; o < 3; o++) out.data[9 + o] = -0;
  const tensors = new Map([
    ["conv", conv],
    ["out", out],
  ]);
  expect(sets.map((s) => [...zeroGroups(s, tensors)])).toEqual([
    [0, 0, 0, 1],
    [0, 1],
  ]);
  expect(countZeros(sets, tensors)).toEqual({ groups: 6, zero: 2, weights: 96 + 12, zeroWeights: 8 + 3 });
});

test("zero groups are exact and counted over all members", () => {
  const sets = groupSets(lenet, "coupled");
  const tensors = new Map([
    ["c2", full([6, 4, 5, 5], 1)],
    ["f1", zeros("float32", [5, 54])],
    ["f2", f32([0, 0, 0, 1, -0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0], [3, 5])],
  ]);
  const c2 = tensors.get("c2")!.data;
  for (let o = 0; o < 6; o++) c2.fill(0 as never, (o * 4 + 2) * 25, (o * 4 + 3) * 25);
  expect(sets.map((s) => [...zeroGroups(s, tensors)])).toEqual([
    [0, 0, 1, 0],
    [1, 1, 1, 1, 1, 1],
    [0, 1, 1, 0, 1],
  ]);
  expect(countZeros(sets, tensors)).toEqual({ groups: 15, zero: 10, weights: 885, zeroWeights: 150 + 270 + 9 });
});

test("built-in models have the papers' input-channel groups", () => {
  const counts = { logistic: 784, mlp7: 1792, lenet5: 1321, "lenet5-small": 611, vgg19: 5507, resnet50: 24579 };
  for (const [name, count] of Object.entries(counts)) {
    const sets = groupSets(model(name).graph, "inputChannel");
    expect([name, sets.reduce((n, s) => n + s.count, 0)]).toEqual([name, count]);
  }
});

test("coupled groups of the built-in models", () => {
  expect(describe(groupSets(model("lenet5").graph, "coupled"))).toMatchInlineSnapshot(`
    "conv1.weight: 20 of 1250 in conv2.weight [50,20,5,5]@1
    conv2.weight: 50 of 8000 in fc1.weight [500,50,16]@1
    fc1.weight: 500 of 10 in fc2.weight [10,500]@1"
  `);
  expect(describe(groupSets(model("resnet20").graph, "coupled"))).toMatchInlineSnapshot(`
    "conv1.weight: 16 of 752 in layer1.0.conv1.weight [16,16,3,3]@1, layer1.1.conv1.weight [16,16,3,3]@1, layer1.2.conv1.weight [16,16,3,3]@1, layer2.0.conv1.weight [32,16,3,3]@1, layer2.0.downsample.0.weight [32,16,1,1]@1
    layer1.0.conv1.weight: 16 of 144 in layer1.0.conv2.weight [16,16,3,3]@1
    layer1.1.conv1.weight: 16 of 144 in layer1.1.conv2.weight [16,16,3,3]@1
    layer1.2.conv1.weight: 16 of 144 in layer1.2.conv2.weight [16,16,3,3]@1
    layer2.0.conv1.weight: 32 of 288 in layer2.0.conv2.weight [32,32,3,3]@1
    layer2.0.conv2.weight: 32 of 1216 in layer2.1.conv1.weight [32,32,3,3]@1, layer2.2.conv1.weight [32,32,3,3]@1, layer3.0.conv1.weight [64,32,3,3]@1, layer3.0.downsample.0.weight [64,32,1,1]@1
    layer2.1.conv1.weight: 32 of 288 in layer2.1.conv2.weight [32,32,3,3]@1
    layer2.2.conv1.weight: 32 of 288 in layer2.2.conv2.weight [32,32,3,3]@1
    layer3.0.conv1.weight: 64 of 576 in layer3.0.conv2.weight [64,64,3,3]@1
    layer3.0.conv2.weight: 64 of 1162 in layer3.1.conv1.weight [64,64,3,3]@1, layer3.2.conv1.weight [64,64,3,3]@1, fc.weight [10,64]@1
    layer3.1.conv1.weight: 64 of 576 in layer3.1.conv2.weight [64,64,3,3]@1
    layer3.2.conv1.weight: 64 of 576 in layer3.2.conv2.weight [64,64,3,3]@1"
  `);
});
