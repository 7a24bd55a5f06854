/** Numbers as people read them. Every function is total: a value that is not finite prints as "–". */

const MISSING = "–";

/** 1234567 → "1,234,567" */
export const count = (n: number): string => (Number.isFinite(n) ? Math.round(n).toLocaleString("en-US") : MISSING);

/** 9408 → "9.4 k", where there is little room. */
export function shortCount(n: number): string {
  if (!(n >= 1000 && Number.isFinite(n))) return count(n);
  const [unit, size] = n < 999_500 ? ["k", 1e3] : n < 999_500_000 ? ["M", 1e6] : ["G", 1e9];
  return `${(n / size).toPrecision(3).replace(/\.?0+$/, "")} ${unit}`;
}

/** 1, "epoch" → "1 epoch"; 3, "epoch" → "3 epochs" */
export const counted = (n: number, what: string): string => `${count(n)} ${what}${n === 1 ? "" : "s"}`;

/** 0.98612 → "98.61 %" */
export const percent = (fraction: number | null | undefined, digits = 2): string =>
  typeof fraction === "number" && Number.isFinite(fraction) ? `${(fraction * 100).toFixed(digits)} %` : MISSING;

/** 12345678 → "12.3 MB"; decimal units, as file managers and `ls --si` show. */
export function fileSize(bytes: number): string {
  if (!Number.isFinite(bytes)) return MISSING;
  const units = ["B", "kB", "MB", "GB", "TB"];
  let i = 0;
  let x = bytes;
  while (x >= 999.5 && i < units.length - 1) {
    x /= 1000;
    i++;
  }
  return `${i === 0 || x >= 100 ? Math.round(x) : x.toPrecision(3)} ${units[i]}`;
}

/** 0.3127 → "0.313 ms" */
export const milliseconds = (ms: number): string => (Number.isFinite(ms) ? `${significant(ms)} ms` : MISSING);

/** Three significant digits without an exponent in the ordinary range: 0.0123, 4.56, 789, 1.2e-7. */
export function significant(x: number): string {
  if (!Number.isFinite(x)) return MISSING;
  if (x === 0) return "0";
  const size = Math.abs(x);
  if (size < 1e-3 || size >= 1e6) return x.toExponential(1);
  return size >= 100 ? Math.round(x).toString() : x.toPrecision(3);
}

/** 8, 2.5 → "3.2×"; how many times `after` fits into `before`. */
export function times(before: number, after: number): string {
  const ratio = before / after;
  if (!Number.isFinite(ratio)) return MISSING;
  return `${ratio >= 100 ? Math.round(ratio) : ratio.toPrecision(ratio >= 10 ? 3 : 2)}×`;
}

/** 8, 2.5, "fewer", "more" → "3.2× fewer"; "same" if the ratio rounds to one. */
export function change(before: number, after: number, better: string, worse: string): string {
  if (after === 0 && before > 0) return "all gone";
  const ratio = after <= before ? times(before, after) : times(after, before);
  return ratio === "1.0×" ? "same" : `${ratio} ${after <= before ? better : worse}`;
}

/** 75.2 → "1 min 15 s" */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return MISSING;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/** [20, 1, 5, 5] → "20×1×5×5" */
export const shapeText = (shape: readonly (number | string)[]): string => (shape.length ? shape.join("×") : "scalar");
