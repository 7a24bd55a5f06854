/** In which floats a file is read or written. */
import type { Kind } from "../../given.ts";

/** As the file has them, or all in float32. */
export type Precision = "stored" | "float32";

export const aPrecision: Kind = {
  wanted: '"stored" or "float32"',
  holds: (x) => x === "stored" || x === "float32",
};
