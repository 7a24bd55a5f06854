/**
 * Writes docs/results.md and docs/performance.md from the committed JSON; an experiment without JSON is left out, and nothing is written from a file that its
 * command did not write.
 * Run: node dist/experiments/results-doc.js
 */
import { writeFile } from "node:fs/promises";
import { performancePage } from "./performance-page.ts";
import { resultsPage } from "./results-page.ts";

await writeFile("docs/results.md", resultsPage());
await writeFile("docs/performance.md", performancePage());
