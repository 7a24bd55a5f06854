/** A training step beside those of other frameworks for JavaScript. */
import { markdown, median, milliseconds } from "espalier";

interface Of {
  readonly framework: string;
  readonly model: string;
  readonly batch: number;
  readonly threads: number;
}
/** Milliseconds per step, one number per round; a step that takes long has one number. */
interface Timed extends Of {
  readonly espalier: readonly number[];
  readonly theirs: readonly number[];
  /** The other framework's time over Espalier's: above 1 Espalier is faster. */
  readonly ratio: number;
  readonly othersCores: number;
}
/** Why it cannot take the step. */
interface Lacking extends Of {
  readonly lacking: string;
}
export type JavaScriptRow = Timed | Lacking;

/** What a user reads of them. */
const names: Readonly<Record<string, string>> = {
  "tfjs-cpu": "TensorFlow.js, cpu",
  "tfjs-wasm": "TensorFlow.js, wasm",
  "jax-js": "jax-js, wasm",
};

/** One row a network, one column a framework: its time, and how many times Espalier's that is. */
export function javaScriptTable({ rows }: { readonly rows: readonly JavaScriptRow[] }): string {
  const frameworks = [...new Set(rows.map(({ framework }) => framework))];
  const networks = [...new Set(rows.map(({ model, batch }) => `${model} ${batch}`))];
  const cell = (row: JavaScriptRow | undefined): string => {
    if (!row) return "–";
    return "lacking" in row
      ? "cannot"
      : `${milliseconds(median(row.theirs))}, ${row.ratio.toFixed(row.ratio < 10 ? 1 : 0)} ×`;
  };
  return markdown({
    head: ["model", "batch", "Espalier", ...frameworks.map((name) => names[name] ?? name)],
    text: [0],
    rows: networks.map((network) => {
      const its = rows.filter(({ model, batch }) => `${model} ${batch}` === network);
      const own = its.flatMap((row) => ("espalier" in row ? [median(row.espalier)] : []));
      return [
        ...network.split(" "),
        own.length > 0 ? milliseconds(median(own)) : "–",
        ...frameworks.map((name) => cell(its.find(({ framework }) => framework === name))),
      ];
    }),
  });
}

/** In words: what cannot be done, and why. */
export function lackingReading({ rows }: { readonly rows: readonly JavaScriptRow[] }): string {
  const why = new Map<string, string[]>();
  for (const row of rows)
    if ("lacking" in row) {
      const told = `${names[row.framework]}: ${row.lacking.replace(/\.$/, "")}`;
      why.set(told, [...(why.get(told) ?? []), row.model]);
    }
  return [...why].map(([told, models]) => `${models.join(", ")}: *cannot* by ${told}.`).join(" ");
}
