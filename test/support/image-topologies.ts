/** Topologies of networks whose results are images. */
import type { Topology } from "./random-net.ts";

export const imageTopologies: Record<string, Topology> = {
  "resized, with a shortcut": {
    input: [3, 6, 6],
    build: (n, x) => {
      const a = n.relu(n.conv(x, "a", [8, 3, 3], { pad: 1 }));
      const small = n.g.MaxPool(a, { kernel_shape: [2, 2], strides: [2, 2] })[0];
      const b = n.relu(n.conv(small, "b", [6, 8, 3], { pad: 1 }));
      const up = n.g.Resize(b, { axes: [2, 3], scales: [2, 2], mode: "linear" });
      const c = n.relu(n.conv(n.g.Concat([a, up], { axis: 1 }), "c", [5, 14, 3], { pad: 1 }));
      return n.conv(n.g.Resize(c, { axes: [2, 3], scales: [2, 2] }), "d", [2, 5, 1]);
    },
  },
  "pixels shuffled": {
    input: [3, 4, 4],
    build: (n, x) => {
      const a = n.relu(n.conv(x, "a", [16, 3, 3], { pad: 1 }));
      const b = n.relu(n.conv(n.g.DepthToSpace(a, { blocksize: 2, mode: "CRD" }), "b", [3, 4, 1]));
      return n.conv(n.g.SpaceToDepth(b, { blocksize: 2 }), "c", [2, 12, 1]);
    },
  },
  "columns added up": {
    input: [3, 10],
    build: (n, x) => {
      const a = n.relu(n.g.MatMul(n.weight("a", [24, 3]), x));
      const image = n.g.Col2Im(a, { image_shape: [5, 4], block_shape: [2, 2], strides: [1, 2], pads: [0, 0, 1, 0] });
      return n.conv(n.relu(image), "b", [2, 6, 1]);
    },
  },
  "normalized by groups": {
    input: [3, 5, 5],
    build: (n, x) => {
      const norm = (v: typeof x, name: string) =>
        n.g.GroupNormalization(v, n.weight(`${name}.weight`, [8], 1), n.weight(`${name}.bias`, [8], 1), {
          num_groups: 4,
        });
      const a = n.relu(norm(n.conv(x, "a", [8, 3, 3], { pad: 1 }), "na"));
      const b = n.relu(norm(n.conv(a, "b", [8, 8, 3], { pad: 1 }), "nb"));
      return n.conv(b, "c", [3, 8, 1]);
    },
  },
  "normalized by groups, as exporters write it": {
    input: [3, 5, 5],
    build: (n, x) => {
      const norm = (v: typeof x, name: string) => {
        const [one, none] = [n.weight(`${name}.one`, [4], 1), n.weight(`${name}.none`, [4], 1)];
        const grouped = n.g.InstanceNormalization(n.g.Reshape(v, { shape: [0, 4, -1] }), one, none);
        const back = n.g.Reshape(grouped, { shape: [0, ...v.shape.slice(1)] });
        const each = [n.weight(`${name}.weight`, [8, 1, 1], 1), n.weight(`${name}.bias`, [8, 1, 1], 1)];
        return n.g.Add(n.g.Mul(back, each[0]), each[1]);
      };
      const a = n.relu(norm(n.conv(x, "a", [8, 3, 3], { pad: 1 }), "na"));
      const b = n.relu(norm(n.conv(a, "b", [8, 8, 3], { pad: 1 }), "nb"));
      return n.conv(b, "c", [3, 8, 1]);
    },
  },
};
