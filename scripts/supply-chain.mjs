/**
 * What package-lock.json says of every package that is used or needed for development: that its bytes are pinned, that none
 * runs a script when it is installed but the known one, and that its licence is one of those allowed. Prints what is wrong and
 * ends with 1; with --write it writes docs/licences.md first. Reads files only.
 *   node scripts/supply-chain.mjs [--write] [--lock FILE]
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Licences that ask for no more than to be named, and the MPL, whose duties end at its own files. */
const ALLOWED = [
  "MIT",
  "ISC",
  "0BSD",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "Apache-2.0",
  "CC0-1.0",
  "BlueOak-1.0.0",
  "MPL-2.0",
];
/** Licences of single packages: libraries that are loaded, not linked into ours, and come only where they are wanted. */
const ALLOWED_FOR = [{ name: /^@img\/sharp-/, licence: "LGPL-3.0-or-later" }];
/** Packages that run a script when they are installed. */
const SCRIPTS = [
  "onnxruntime-node", // fetches CUDA's libraries, unless .npmrc says skip
  "koffi", // looks whether its binary is there, which is a package of its own
  "msgpackr-extract", // the same; only for development, where bullmq brings it
];

const page = join(root, "docs", "licences.md");

/** @typedef {{ name: string, entry: Record<string, any>, parent: Record<string, any> | undefined }} Locked */

/** @returns {Locked[]} with the package that lists it as one of its platforms, if one does */
function lockedPackages(file) {
  const { packages } = JSON.parse(readFileSync(file, "utf8"));
  const all = Object.entries(packages).filter(([path]) => path !== "");
  return all.map(([path, entry]) => {
    const name = entry.name ?? path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    const [, parent] = all.find(([, e]) => e.optionalDependencies?.[name] === entry.version) ?? [];
    return { name, entry, parent };
  });
}

/** One platform's part of a package that is itself pinned. Where it does not fit, npm never looks at it. */
const isPlatformPart = ({ entry, parent }) =>
  entry.optional && entry.os && entry.cpu && parent?.integrity !== undefined;

/** A platform's part is under the licence of its whole. */
const licenceOf = ({ entry, parent }) => entry.license ?? parent?.license;

/** An SPDX expression of licence ids, AND, OR and parentheses; of an OR one is enough. */
function isAllowed(name, expression) {
  const allowed = [...ALLOWED, ...ALLOWED_FOR.filter((one) => one.name.test(name)).map(({ licence }) => licence)];
  const bare = expression.replace(/^\(([^()]*)\)$/, "$1").trim();
  if (bare.includes("(")) return false;
  return bare.split(" OR ").some((all) => all.split(" AND ").every((id) => allowed.includes(id.trim())));
}

function problemsOf(packages) {
  const found = [];
  for (const locked of packages) {
    const { name, entry } = locked;
    const say = (what) => found.push(`${name}@${entry.version} ${what}`);
    const licence = licenceOf(locked);
    if (entry.link || !entry.version) say("is no package of a registry");
    if (entry.resolved)
      say("is locked to one address: npm config set omit-lockfile-registry-resolved true, and lock again");
    if (!entry.integrity && !isPlatformPart(locked)) say("has no integrity in package-lock.json");
    if (entry.integrity && !entry.integrity.startsWith("sha512-"))
      say(`is pinned by a weaker sum than SHA-512: ${entry.integrity}`);
    if (entry.hasInstallScript && !SCRIPTS.includes(name)) say("runs a script when it is installed");
    if (licence === undefined) say("states no licence");
    else if (!isAllowed(name, licence)) say(`has a licence that is not allowed here: ${licence}`);
  }
  return found;
}

function licencesPage(packages) {
  const table = (dev) => {
    const byName = new Map();
    for (const locked of packages.filter(({ entry }) => Boolean(entry.dev) === dev)) {
      const key = `${locked.name} ${licenceOf(locked)}`;
      const row = byName.get(key) ?? { name: locked.name, licence: licenceOf(locked), versions: new Set() };
      row.versions.add(locked.entry.version);
      byName.set(key, row);
    }
    const rows = [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return rows.map(({ name, versions, licence }) => `| ${name} | ${[...versions].sort().join(", ")} | ${licence} |`);
  };
  const head = "| package | version | licence |\n|---|---|---|";
  return `# Licences of the packages

Written by \`npm run licences\` from package-lock.json; \`npm run check:static\` fails when it is not current, and for a licence that
is not among these: ${ALLOWED.join(", ")}.

## Needed to run it

${head}
${table(false).join("\n")}

## Needed to develop it

${head}
${table(true).join("\n")}
`;
}

const { values } = parseArgs({ options: { write: { type: "boolean" }, lock: { type: "string" } } });
const packages = lockedPackages(values.lock ?? join(root, "package-lock.json"));
const wanted = licencesPage(packages);
if (values.write) writeFileSync(page, wanted);
const stale = readFileSync(page, "utf8") === wanted ? [] : ["docs/licences.md is not current: npm run licences"];
const problems = [...problemsOf(packages), ...stale];
for (const problem of problems) process.stderr.write(`supply chain: ${problem}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
