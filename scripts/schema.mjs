/** Writes the JSON Schema of configurations beside what was built, where `espalier init` points editors at. Part of `npm run build`. */
import { writeFileSync } from "node:fs";

const { configurationSchema } = await import(new URL("../dist/cli/settings/public.js", import.meta.url).href);
const file = new URL("../dist/config.schema.json", import.meta.url);
writeFileSync(file, `${JSON.stringify(configurationSchema(), null, 2)}\n`);
