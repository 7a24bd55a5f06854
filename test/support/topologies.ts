/** Every topology that channels pass through, as small networks. */
import type { Value } from "../../src/graph/types.ts";
import { attentionTopologies } from "./attention-topologies.ts";
import { imageTopologies } from "./image-topologies.ts";
import type { Topology } from "./random-net.ts";

export const topologies: Record<string, Topology> = {
  ...imageTopologies,
  ...attentionTopologies,
  "dense chain": {
    input: [12],
    build: (n, x) => n.fc(n.relu(n.fc(n.relu(n.fc(x, "a", [16, 12])), "b", [10, 16])), "c", [4, 10]),
  },
  "dense chain of MatMul and Add": {
    input: [5, 12],
    build: (n, x) => {
      const layer = (v: Value, name: string, I: number, O: number) =>
        n.g.Add(n.g.MatMul(v, n.weight(`${name}.weight`, [I, O])), n.weight(`${name}.bias`, [O]));
      return layer(n.g.Gelu(layer(n.g.Tanh(layer(x, "a", 12, 16)), "b", 16, 8)), "c", 8, 4);
    },
  },
  "convolution chain": {
    input: [3, 9, 9],
    build: (n, x) => {
      const a = n.relu(n.conv(x, "a", [8, 3, 3], { pad: 1 }));
      const b = n.g.LeakyRelu(n.conv(a, "b", [6, 8, 3], { pad: 1 }));
      return n.conv(b, "c", [4, 6, 1]);
    },
  },
  "conv, batch norm, relu, max pool, flatten, dense": {
    input: [1, 12, 12],
    build: (n, x) => {
      const block = (v: Value, name: string, O: number, I: number) =>
        n.g.MaxPool(n.relu(n.bn(n.conv(v, name, [O, I, 3], { bias: false }), `${name}.bn`)), {
          kernel_shape: [2, 2],
          strides: [2, 2],
        })[0];
      const f = n.g.Flatten(block(block(x, "a", 8, 1), "b", 6, 8));
      return n.fc(n.relu(n.fc(f, "c", [10, f.shape[1]])), "d", [3, 10]);
    },
  },
  "residual, identity shortcut": {
    input: [3, 8, 8],
    build: (n, x) => {
      let s = n.relu(n.bn(n.conv(x, "stem", [8, 3, 3], { pad: 1, bias: false }), "bn0"));
      for (const i of [1, 2]) {
        const a = n.relu(n.bn(n.conv(s, `a${i}`, [6, 8, 3], { pad: 1, bias: false }), `bna${i}`));
        s = n.relu(n.g.Add(s, n.bn(n.conv(a, `b${i}`, [8, 6, 3], { pad: 1, bias: false }), `bnb${i}`)));
      }
      return n.fc(n.g.Flatten(n.g.GlobalAveragePool(s)), "fc", [3, 8]);
    },
  },
  "residual, projection shortcut": {
    input: [3, 8, 8],
    build: (n, x) => {
      const s = n.relu(n.conv(x, "stem", [6, 3, 3], { pad: 1 }));
      const a = n.relu(n.bn(n.conv(s, "a", [7, 6, 3], { pad: 1 }), "bna"));
      const b = n.bn(n.conv(a, "b", [9, 7, 3], { pad: 1 }), "bnb");
      const p = n.bn(n.conv(s, "p", [9, 6, 1]), "bnp");
      return n.fc(n.g.ReduceMean(n.relu(n.g.Add(b, p)), { axes: [2, 3], keepdims: 0 }), "fc", [3, 9]);
    },
  },
  concat: {
    input: [3, 6, 6],
    build: (n, x) => {
      const a = n.relu(n.conv(x, "a", [6, 3, 1]));
      const b = n.relu(n.conv(a, "b", [5, 6, 3], { pad: 1 }));
      const c = n.g.Concat([a, b, n.conv(x, "c", [4, 3, 1])], { axis: 1 });
      return n.g.GlobalMaxPool(n.conv(c, "d", [4, 15, 1]));
    },
  },
  "split and slice": {
    input: [3, 6, 6],
    build: (n, x) => {
      const a = n.relu(n.conv(x, "a", [10, 3, 1]));
      const [p, q] = n.g.Split(a, { axis: 1, split: [4, 6] });
      const s = n.g.Slice(a, { starts: [2], ends: [9], axes: [1] });
      const sum = n.g.Add(n.conv(p, "p", [5, 4, 1]), n.conv(q, "q", [5, 6, 1]));
      return n.conv(n.g.Add(n.relu(sum), n.conv(s, "s", [5, 7, 1])), "last", [3, 5, 1]);
    },
  },
  depthwise: {
    input: [3, 8, 8],
    build: (n, x) => {
      const a = n.relu(n.conv(x, "a", [8, 3, 1]));
      const d = n.relu(n.bn(n.conv(a, "d", [8, 8, 3], { pad: 1, group: 8 }), "bn"));
      const m = n.conv(n.conv(d, "b", [6, 8, 1]), "twice", [12, 6, 3], { group: 6 });
      return n.conv(m, "c", [4, 12, 1]);
    },
  },
  grouped: {
    input: [3, 6, 6],
    build: (n, x) => {
      const a = n.relu(n.conv(x, "a", [12, 3, 1]));
      const b = n.relu(n.conv(a, "b", [8, 12, 3], { pad: 1, group: 2 }));
      return n.conv(b, "c", [4, 8, 1]);
    },
  },
  "shared weight": {
    input: [8],
    build: (n, x) => {
      const a = n.relu(n.fc(x, "a", [10, 8]));
      const shared = n.weight("shared", [10, 10]);
      const twice = n.relu(n.g.MatMul(n.relu(n.g.MatMul(a, shared)), shared));
      return n.fc(twice, "c", [4, 10]);
    },
  },
  "transposed convolution": {
    input: [10],
    build: (n, x) => {
      const h = n.g.Reshape(n.relu(n.fc(x, "a", [8 * 9, 10])), { shape: [-1, 8, 3, 3] });
      const up = { strides: [2, 2] };
      const t = n.relu(n.g.ConvTranspose(h, n.weight("t.weight", [8, 6, 2, 2]), n.weight("t.bias", [6]), up));
      return n.g.ConvTranspose(t, n.weight("u.weight", [6, 2, 2, 2]), n.weight("u.bias", [2]), up);
    },
  },
  "squeeze and excitation": {
    input: [3, 6, 6],
    build: (n, x) => {
      const a = n.relu(n.conv(x, "a", [8, 3, 3], { pad: 1 }));
      const s = n.conv(n.relu(n.conv(n.g.GlobalAveragePool(a), "r", [5, 8, 1])), "e", [8, 5, 1]);
      return n.conv(n.g.Mul(a, n.g.Sigmoid(s)), "c", [3, 8, 1]);
    },
  },
  "channels last": {
    input: [3, 4, 4],
    build: (n, x) => {
      const t = n.g.Transpose(n.relu(n.conv(x, "a", [7, 3, 1])), { perm: [0, 2, 3, 1] });
      const f = n.g.Reshape(t, { shape: [0, -1] });
      return n.g.MatMul(n.relu(f), n.weight("d", [112, 3]));
    },
  },
};
