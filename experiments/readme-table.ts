/**
 * Writes the README's results, between its two markers, and docs/results.md from the committed JSON; an experiment without JSON is left
 * out, and nothing is written from a file that its command did not write.
 * Run: node dist/experiments/readme-table.js
 */
import { readFile, writeFile } from "node:fs/promises";
import { resultsPage, withResults } from "./results-page.ts";

const [readme, page] = [withResults(await readFile("README.md", "utf8")), resultsPage()];
await writeFile("README.md", readme);
await writeFile("docs/results.md", page);
