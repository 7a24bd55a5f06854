/**
 * Writes docs/results.md from the committed JSON; an experiment without JSON is left out, and nothing is written from a file that its
 * command did not write.
 * Run: node dist/experiments/results-doc.js
 */
import { writeFile } from "node:fs/promises";
import { resultsPage } from "./results-page.ts";

await writeFile("docs/results.md", resultsPage());
