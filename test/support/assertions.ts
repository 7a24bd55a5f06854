/** Assertions for what must run without a test runner: they throw, and name what was wrong. */

const plain = (x: unknown): unknown => (ArrayBuffer.isView(x) ? Array.from(x as unknown as ArrayLike<unknown>) : x);

function equal(a: unknown, b: unknown): boolean {
  const [x, y] = [plain(a), plain(b)];
  if (Array.isArray(x) && Array.isArray(y)) return x.length === y.length && x.every((v, i) => equal(v, y[i]));
  return Object.is(x, y);
}

const shown = (x: unknown) => JSON.stringify(plain(x), (_, v) => (typeof v === "bigint" ? `${v}n` : v));

/** Numbers, text, and arrays of them, compared bit for bit (−0 is not 0). */
export function same(got: unknown, wanted: unknown, what: string): void {
  if (!equal(got, wanted)) throw new Error(`${what}: got ${shown(got)}, wanted ${shown(wanted)}`);
}

/** Numbers at most `tolerance` apart, relative to the largest wanted one. */
export function close(got: ArrayLike<number>, wanted: readonly number[], tolerance: number, what: string): void {
  same(got.length, wanted.length, `${what}: the number of elements`);
  const scale = wanted.reduce((m, x) => Math.max(m, Math.abs(x)), 1e-6);
  for (let i = 0; i < wanted.length; i++)
    if (!(Math.abs(got[i] - wanted[i]) <= tolerance * scale))
      throw new Error(`${what}: element ${i} is ${got[i]}, wanted ${wanted[i]} ± ${tolerance * scale}`);
}

/** That something throws an error with such a message. */
export async function rejects(run: () => Promise<unknown>, message: RegExp): Promise<void> {
  const thrown = await run().then(
    () => undefined,
    (e: unknown) => e,
  );
  if (!(thrown instanceof Error)) throw new Error(`nothing was thrown; wanted ${message}`);
  if (!message.test(thrown.message)) throw new Error(`thrown: ${thrown.message}\nwanted: ${message}`);
}
