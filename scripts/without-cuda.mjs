/**
 * Runs before the packages of a project that installs Espalier run their scripts. That of onnxruntime-node fetches CUDA's libraries on
 * Linux from a server beside the registry, and fails the whole installation where there is no way to it. It is told here to skip them
 * unless somebody asks: npm i --onnxruntime-node-install=cuda12, or ONNXRUNTIME_NODE_INSTALL=cuda12. Touches nothing else; in a clone,
 * where .npmrc says the same, nothing at all.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const LINE =
  'Object.keys(process.env).some((name) => /^(npm_config_)?onnxruntime_node_install/i.test(name)) || (process.env.ONNXRUNTIME_NODE_INSTALL = "skip"); // as espalier asks\n';

/** The script as this package would find it: beside it or in a node_modules further out. */
function installScript(from) {
  const found = join(from, "node_modules", "onnxruntime-node", "script", "install.js");
  if (existsSync(found)) return found;
  return dirname(from) === from ? undefined : installScript(dirname(from));
}

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const script = dirname(here).endsWith("node_modules") ? installScript(here) : undefined;
const text = script && readFileSync(script, "utf8");
if (text && !text.startsWith(LINE)) {
  // Through a new file: where a package manager links files of a store, the store's own must stay as it is.
  writeFileSync(`${script}.new`, LINE + text);
  renameSync(`${script}.new`, script);
}
