/**
 * Mixup (Zhang, Cissé, Dauphin & Lopez-Paz 2018, "mixup: Beyond Empirical Risk Minimization"): samples of a batch are blended with
 * others of it,
 *   x̃ = λ·x_i + (1 − λ)·x_j,   ỹ = λ·y_i + (1 − λ)·y_j,   λ ~ Beta(α, α),
 * one λ and one permutation i → j a batch, as the authors' code has it. Of classes the label is kept with that of the partner: the loss
 * is λ·L(y_i) + (1 − λ)·L(y_j), which is that of ỹ for a loss that is linear in the label, as cross-entropy is.
 */
import { Random } from "../../math/random.ts";
import type { Drawn, Numbers, Split } from "../split.ts";

type Samples = Pick<Split, "x" | "y" | "more" | "count">;

/** The arrays of a batch that tell, for each sample, the class that it is blended with, and the share of its own: λ. */
export const MIXED = { partner: "mixup/partner", share: "mixup/share" } as const;

/**
 * A batch with its samples blended, x in place: bytes stay bytes. Its classes stay, with their partners beside them; numbers to fit are blended.
 * @param drawn of the batch: by (seed, epoch, position of its first sample) alone
 */
export function mixed<S extends Samples>(
  samples: S,
  alpha: number,
  { seed, epoch, position }: Omit<Drawn, "augment">,
): S {
  const { x, y, more, count } = samples;
  const random = new Random(seed, "mixup", epoch, position);
  const share = Math.fround(betaOf(alpha, random));
  const partner = random.permutation(count);
  blend(x, partner, share);
  if (y instanceof Float32Array) {
    blend(y, partner, share);
    return samples;
  }
  const classes = y.map((_, i) => y[partner[i]]);
  return {
    ...samples,
    more: { ...more, [MIXED.partner]: classes, [MIXED.share]: new Float32Array(count).fill(share) },
  };
}

function blend(of: Numbers, partner: Uint32Array, share: number): void {
  const width = of.length / partner.length;
  const before = of.slice();
  const whole = !(of instanceof Float32Array);
  for (const [i, j] of partner.entries())
    for (let k = 0; k < width; k++) {
      const value = share * before[i * width + k] + (1 - share) * before[j * width + k];
      of[i * width + k] = whole ? Math.round(value) : value;
    }
}

/** A number from Beta(α, α): a share of two Gamma(α) numbers, by their logarithms, which small α needs. */
function betaOf(alpha: number, random: Random): number {
  const [a, b] = [logGamma(alpha, random), logGamma(alpha, random)];
  return 1 / (1 + Math.exp(b - a));
}

/** The logarithm of a number from Gamma(α, 1) (Marsaglia & Tsang 2000, "A simple method for generating gamma variables"). */
function logGamma(alpha: number, random: Random): number {
  const least = 2 ** -53; // of the uniform numbers: 0 has no logarithm
  if (alpha < 1) return logGamma(alpha + 1, random) + Math.log(Math.max(least, random.uniform())) / alpha;
  const d = alpha - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const z = random.normal();
    const v = (1 + c * z) ** 3;
    if (v > 0 && Math.log(Math.max(least, random.uniform())) < 0.5 * z * z + d * (1 - v + Math.log(v)))
      return Math.log(d * v);
  }
}
