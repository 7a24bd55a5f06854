/**
 * A counter-based generator (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): Philox4x32-10.
 * A stream is named by integers — seed, purpose, epoch, step — and has no hidden state, so a resumed run
 * draws exactly what the uninterrupted one drew.
 */

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** High 32 bits of a·b, in 32-bit steps: no number here leaves the range that engines keep in integer registers. */
function mulHi(a: number, b: number): number {
  const aLo = a & 0xffff;
  const aHi = a >>> 16;
  const bLo = b & 0xffff;
  const bHi = b >>> 16;
  const mid = (Math.imul(aHi, bLo) + (Math.imul(aLo, bLo) >>> 16)) | 0;
  const mid2 = (Math.imul(aLo, bHi) + (mid & 0xffff)) | 0;
  return (Math.imul(aHi, bHi) + (mid >>> 16) + (mid2 >>> 16)) | 0;
}

/** What a stream is for. Part of its name, so that two purposes never share numbers. */
export type Purpose = (typeof PURPOSES)[number];
/** New ones stand at the end: the place of each is in its numbers. */
const PURPOSES = [
  ...(["init", "shuffle", "augment", "dropout", "split", "digits", "verify", "mask"] as const),
  ...(["resizedCrop", "colors", "policy", "cutout", "sweep", "mixup", "bootstrap"] as const),
] as const;

export class Random {
  private readonly key: [number, number];
  private readonly high: [number, number];
  private readonly block = new Uint32Array(4);
  private counter = 0;
  private used = 4;

  /**
   * @param seed any integer
   * @param purpose what the numbers are for
   * @param a, b further integers that name the stream, for example epoch and step
   */
  constructor(seed: number, purpose: Purpose, a = 0, b = 0) {
    this.key = [seed >>> 0, (Math.floor(seed / 0x100000000) ^ (PURPOSES.indexOf(purpose) << 24)) >>> 0];
    this.high = [a >>> 0, b >>> 0];
  }

  private refill(): void {
    let c0 = this.counter | 0;
    let c1 = Math.floor(this.counter / 0x100000000) | 0;
    let c2 = this.high[0] | 0;
    let c3 = this.high[1] | 0;
    let k0 = this.key[0] | 0;
    let k1 = this.key[1] | 0;
    for (let round = 0; round < 10; round++) {
      const hi0 = mulHi(M0, c0);
      const hi1 = mulHi(M1, c2);
      const lo0 = Math.imul(M0, c0);
      const lo1 = Math.imul(M1, c2);
      c0 = hi1 ^ c1 ^ k0;
      c1 = lo1;
      c2 = hi0 ^ c3 ^ k1;
      c3 = lo0;
      k0 = (k0 + W0) | 0;
      k1 = (k1 + W1) | 0;
    }
    const { block } = this;
    block[0] = c0;
    block[1] = c1;
    block[2] = c2;
    block[3] = c3;
    this.counter++;
    this.used = 0;
  }

  /** A uniform 32-bit unsigned integer. */
  uint32(): number {
    if (this.used === 4) this.refill();
    return this.block[this.used++];
  }

  /** Leaves out the next `n` numbers of 32 bits. */
  skip(n: number): void {
    const at = 4 * this.counter - (4 - this.used) + n;
    this.counter = Math.floor(at / 4);
    this.used = 4;
    if (at % 4 === 0) return;
    this.refill();
    this.used = at % 4;
  }

  /** Uniform in [0, 1), with 53 random bits. */
  uniform(): number {
    const hi = this.uint32() >>> 5;
    const lo = this.uint32() >>> 6;
    return (hi * 0x4000000 + lo) / 0x20000000000000;
  }

  /** A uniform integer in [0, n), without modulo bias. */
  int(n: number): number {
    const limit = 0x100000000 - (0x100000000 % n);
    let x = this.uint32();
    while (x >= limit) x = this.uint32();
    return x % n;
  }

  /** Standard normal (Box–Muller). */
  normal(): number {
    const r = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return r * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A random permutation of 0 … n − 1 (Fisher–Yates). */
  permutation(n: number): Uint32Array {
    const p = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.int(i + 1);
      [p[i], p[j]] = [p[j], p[i]];
    }
    return p;
  }
}
