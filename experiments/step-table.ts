/** The table of training steps, of docs/performance.md. */
import { markdown, median, milliseconds, percent } from "espalier";
import { middleOf, ratioOf, spreadOf } from "./cells.ts";

/** A training step beside PyTorch's; times are milliseconds per step, one number per round. */
export interface StepRow {
  readonly model: string;
  readonly method: string;
  readonly batch: number;
  readonly threads: number;
  readonly espalier: readonly number[];
  readonly torch: readonly number[] | null;
  /** Median over the rounds of Espalier's time / PyTorch's; below 1 Espalier is faster. */
  readonly ratio: number | null;
  /** By what a trial found fastest on the machine, as long runs compute; the others by the built-in thresholds. */
  readonly tuned?: readonly number[];
  readonly tunedRatio?: number;
  readonly compiled?: readonly number[];
  readonly compiledRatio?: number;
  /** Why torch.compile was asked for and has no time. */
  readonly notCompiled?: string;
  /** Of the products of a step, and bytes that go through memory at least. */
  readonly flops?: number;
  readonly bytes?: number;
  /** Milliseconds at least, by the machine's peak, and what of it. */
  readonly limit?: { readonly ms: number; readonly by: string };
  /** Cores that other programs used meanwhile, by median. */
  readonly othersCores: number;
}

/** A training step beside PyTorch's. */
export function stepTable({ rows }: { readonly rows: readonly StepRow[] }): string {
  const tunes = rows.some((r) => r.tuned);
  return markdown({
    head: [
      "model",
      "batch",
      "Espalier",
      "PyTorch",
      "Espalier / PyTorch",
      "over rounds",
      ...(tunes ? ["tuned", "tuned / PyTorch"] : []),
      "torch.compile",
      "Espalier / it",
      "limit",
      "by",
      "reached",
    ],
    text: [0, tunes ? 11 : 9],
    rows: rows.map(
      ({ model, method, batch, espalier, torch, ratio, tuned, tunedRatio, compiled, compiledRatio, limit }) => [
        method === "sgd" ? model : `${model}, ${method}`,
        String(batch),
        middleOf(espalier),
        middleOf(torch),
        ratioOf(ratio),
        torch ? spreadOf(espalier.map((ms, i) => ms / torch[i])) : "–",
        ...(tunes ? [middleOf(tuned), ratioOf(tunedRatio)] : []),
        middleOf(compiled),
        ratioOf(compiledRatio),
        limit ? milliseconds(limit.ms) : "–",
        limit?.by ?? "–",
        limit ? percent(limit.ms / median(espalier), 0) : "–",
      ],
    ),
  });
}

/** In words: where Espalier is slower, where it is faster, and by how much in the middle. */
export function stepVerdict({ rows }: { readonly rows: readonly StepRow[] }): string {
  const batches = [...new Set(rows.map((r) => r.batch))];
  return batches
    .map((batch) => {
      const ratios = rows.flatMap((r) => (r.batch === batch && r.ratio ? [{ model: r.model, ratio: r.ratio }] : []));
      const told = (side: typeof ratios) => side.map(({ model, ratio }) => `${model} (${ratio.toFixed(2)})`).join(", ");
      const [slower, quicker] = [ratios.filter(({ ratio }) => ratio > 1), ratios.filter(({ ratio }) => ratio <= 1)];
      const parts = [
        ...(slower.length ? [`slower than PyTorch's on ${told(slower)}`] : []),
        ...(quicker.length ? [`faster on ${told(quicker)}`] : []),
      ];
      return ratios.length ? `At batch ${batch} Espalier's step is ${parts.join(", ")}.` : "";
    })
    .filter(Boolean)
    .join(" ");
}
