import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

process.env.ORT_DISABLE_TELEMETRY = "1"; // onnxruntime-node collects by default; must be set before it loads

const path = (p: string) => fileURLToPath(new URL(p, import.meta.url));

/** `unit`: tests beside the source. `pipeline`: test/, which uses the built package as a user does. */
export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    projects: [
      {
        resolve: { alias: { "espalier/node": path("./src/node.ts"), espalier: path("./src/index.ts") } },
        test: { name: "unit", include: ["{src,cli}/**/*.test.ts"], testTimeout: 60_000 },
      },
      { test: { name: "pipeline", include: ["test/**/*.test.ts"], testTimeout: 300_000, hookTimeout: 120_000 } },
    ],
  },
});
