/** The library that decodes images, which is loaded when there are some. */
import type Sharp from "sharp";
import { EspalierError } from "../../error.ts";

let loaded: Promise<typeof Sharp> | undefined;

/** @throws EspalierError saying how to install it */
export function sharp(): Promise<typeof Sharp> {
  loaded ??= import("sharp").then(
    ({ default: found }) => found,
    (error: unknown) => {
      loaded = undefined;
      throw new EspalierError(
        "missing",
        "decoding images needs the package sharp",
        { reason: error instanceof Error ? error.message.split("\n")[0] : String(error) },
        "npm install sharp",
      );
    },
  );
  return loaded;
}
