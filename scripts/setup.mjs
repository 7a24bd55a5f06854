/**
 * Makes a clone ready to run: installs what package-lock.json says and builds, each only when something is missing or
 * stale. Runs before `npm test` and `npm run quickstart`; needs nothing but Node, and writes to stderr only.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const WANTED_NODE = 20;
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const at = (...parts) => join(root, ...parts);
const say = (line) => process.stderr.write(`setup: ${line}\n`);

function fail(line) {
  say(line);
  process.exit(1);
}

function npm(what, args) {
  say(`${what} (npm ${args[0] === "run" ? args.slice(0, 2).join(" ") : args[0]}) …`);
  const started = Date.now();
  // Inside `npm test` the same npm is called again, by its path; elsewhere whatever `npm` is on the path.
  const cli = process.env.npm_execpath ?? "";
  const own = /npm-cli\.[cm]?js$/.test(cli);
  // As .npmrc says; npm announces that it will not hand settings of others to install scripts for ever.
  const env = { ONNXRUNTIME_NODE_INSTALL: "skip", ...process.env };
  const options = { cwd: root, env, stdio: ["ignore", 2, 2], shell: !own && process.platform === "win32" };
  const { status, signal, error } = spawnSync(own ? process.execPath : "npm", own ? [cli, ...args] : args, options);
  if (error) fail(`npm could not be started: ${error.message}`);
  if (signal) fail(`npm ${args[0]} was stopped by ${signal}`);
  if (status !== 0) fail(`npm ${args.join(" ")} failed with status ${status}; its messages are above`);
  say(`done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

/** Why an install is needed, or null. npm keeps what it installed last in node_modules/.package-lock.json. */
function reasonToInstall() {
  const packages = (file) => JSON.parse(readFileSync(at(file), "utf8")).packages;
  if (!existsSync(at("node_modules"))) return "no node_modules";
  if (!existsSync(at("node_modules", ".package-lock.json"))) return "the last install did not finish";
  const installed = packages("node_modules/.package-lock.json");
  for (const [path, wanted] of Object.entries(packages("package-lock.json"))) {
    const got = installed[path];
    if (path === "" || (!got && (wanted.optional || wanted.devOptional || wanted.peer))) continue;
    if (!existsSync(at(path)) || !got) return `${path} is missing`;
    if (got.version !== wanted.version) return `${path} is ${got.version}, package-lock.json says ${wanted.version}`;
  }
  return null;
}

/** Newest modification time of a file, or of a folder with all that is in it (a deletion touches the folder). */
function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function reasonToBuild() {
  const built = at("dist", "cli", "main.js");
  if (!existsSync(built)) return "no dist";
  const sources = [
    "src",
    "cli",
    "bench",
    "experiments",
    "campaign",
    "package.json",
    "tsconfig.json",
    "tsconfig.build.json",
  ];
  const changed = sources.find((name) => newest(at(name)) > statSync(built).mtimeMs);
  return changed ? `${changed} changed since the last build` : null;
}

const major = Number(process.versions.node.split(".")[0]);
if (major < WANTED_NODE)
  fail(`Espalier needs Node ${WANTED_NODE} or newer; this is Node ${process.versions.node} (https://nodejs.org)`);

const install = reasonToInstall();
// NODE_ENV=production would leave out the compiler and the test runner.
if (install) npm(`${install}: installing`, ["ci", "--include=dev", "--no-audit", "--no-fund"]);
const build = reasonToBuild();
if (build) npm(`${build}: building`, ["run", "build"]);
