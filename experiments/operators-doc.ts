/** Writes docs/operators.md. Run: node dist/experiments/operators-doc.js */
import { writeFile } from "node:fs/promises";
import { operatorsPage } from "./operators-page.ts";

await writeFile("docs/operators.md", operatorsPage());
