/**
 * Writes the README's results from the committed JSON, between its two markers; an experiment without JSON is left out.
 * Run: node dist/experiments/readme-table.js
 */
import { readFile, writeFile } from "node:fs/promises";
import { withResults } from "./results-page.ts";

await writeFile("README.md", withResults(await readFile("README.md", "utf8")));
