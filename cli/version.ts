import { existsSync, readFileSync } from "node:fs";

/** Of the package that this file belongs to: as source in cli/, or built into dist/cli/. */
const file = ["../package.json", "../../package.json"].map((path) => new URL(path, import.meta.url)).find(existsSync)!;
export const version: string = JSON.parse(readFileSync(file, "utf8")).version;
