/** Writes docs/models.md from what was recorded. Run: node dist/campaign/zoo/doc.js */
import { writeFileSync } from "node:fs";
import { modelsPage } from "./page.ts";
import { recordedZoo, ZOO_RESULTS } from "./recorded.ts";

const recorded = recordedZoo();
if (!recorded) throw new Error(`${ZOO_RESULTS} is not there: node dist/campaign/zoo/main.js --record`);
writeFileSync("docs/models.md", modelsPage(recorded));
