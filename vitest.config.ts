import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const path = (p: string) => fileURLToPath(new URL(p, import.meta.url));

// The GPU made of software that scripts/software-gpu.mjs gets, unless the caller chose a driver. Tests inherit it.
const gpu = path("./node_modules/.cache/software-gpu");
const { VK_ICD_FILENAMES, VK_DRIVER_FILES, LD_LIBRARY_PATH } = process.env;
if (existsSync(gpu) && !VK_ICD_FILENAMES && !VK_DRIVER_FILES) {
  process.env.VK_ICD_FILENAMES = `${gpu}/vk_swiftshader_icd.json`;
  process.env.LD_LIBRARY_PATH = LD_LIBRARY_PATH ? `${gpu}:${LD_LIBRARY_PATH}` : gpu;
}

/**
 * `unit`: tests beside the source, many in one process. `pipeline`: test/, which uses the built package as a user does, each file in a
 * process of its own.
 */
export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    projects: [
      {
        resolve: { alias: { "espalier/node": path("./src/node.ts"), espalier: path("./src/index.ts") } },
        // What the files of a worker import is loaded once: half of what these tests cost was loading it for each.
        test: {
          name: "unit",
          include: ["{src,cli}/**/*.test.ts"],
          testTimeout: 60_000,
          isolate: false,
          restoreMocks: true,
        },
      },
      { test: { name: "pipeline", include: ["test/**/*.test.ts"], testTimeout: 300_000, hookTimeout: 120_000 } },
    ],
  },
});
