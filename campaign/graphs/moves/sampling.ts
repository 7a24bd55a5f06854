/** Images made larger or smaller, or read at positions that the network computes. */
import { chance, pick } from "../../mutate/pick.ts";
import { image, type NetMoves } from "./move.ts";

const COORDINATES = ["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"] as const;

export const samplingMoves = {
  resize: image((n, x) => {
    const scaled = chance(n.random, 0.5);
    // axes that keep their size are left out in canonical form
    const [to, axes] = [2, 3].reduce<[number[], number[]]>(
      ([all, at], a) => {
        const d = scaled ? pick(n.random, [1, 1.5, 2, 3]) : n.between(1, x.shape[a] + 2);
        return d === (scaled ? 1 : x.shape[a])
          ? [all, at]
          : [
              [...all, d],
              [...at, a],
            ];
      },
      [[], []],
    );
    if (axes.length === 0) return undefined;
    return n.g.Resize(x, {
      ...(scaled ? { scales: to } : { sizes: to }),
      axes,
      mode: pick(n.random, ["nearest", "linear", "cubic"]),
      coordinate_transformation_mode: pick(n.random, COORDINATES),
      nearest_mode: pick(n.random, ["round_prefer_floor", "floor"]),
    });
  }),
  gridSample: image((n, x) => {
    const positions = n.g.Tanh(n.g.Conv(x, n.weight(2, x.shape[1], 1, 1), n.weight(2)));
    return n.g.GridSample(x, n.g.Transpose(positions, { perm: [0, 2, 3, 1] }), {
      align_corners: n.between(0, 1),
      padding_mode: pick(n.random, ["zeros", "border"]),
    });
  }),
} satisfies NetMoves;
