/**
 * Writes sbom.cdx.json: every package that is installed with this one, with its version, its licence and the SHA-512 of its
 * archive, as CycloneDX. It is made by `npm sbom` from package-lock.json; what depends on where and when it is made — names of
 * folders, addresses of a registry, the time — is taken out, so that everybody gets the same bytes and can compare.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const args = ["sbom", "--sbom-format", "cyclonedx", "--sbom-type", "library", "--package-lock-only"];
// Inside `npm run` the same npm is called again, by its path; elsewhere whatever `npm` is on the path.
const cli = process.env.npm_execpath ?? "";
const own = /npm-cli\.[cm]?js$/.test(cli);
const { status, stdout, stderr, error } = spawnSync(own ? process.execPath : "npm", own ? [cli, ...args] : args, {
  cwd: root,
  encoding: "utf8",
  maxBuffer: 2 ** 28,
  shell: !own && process.platform === "win32",
});
if (error) throw error;
if (status !== 0) throw new Error(`npm sbom failed with status ${status}: ${stderr}`);
const made = JSON.parse(stdout);

// Not by npm's --omit dev, which leaves out what development needs too.
const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
const installed = new Set(
  Object.entries(packages)
    .filter(([, { dev }]) => !dev)
    .map(
      ([path, entry]) =>
        `${path === "" ? name : path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length)}@${entry.version}`,
    ),
);
const isInstalled = (ref) => installed.has(ref);

/** Keeps what is true of the package wherever it is installed. */
const component = ({
  type,
  name: called,
  version: at,
  scope,
  description,
  purl,
  hashes,
  licenses,
  "bom-ref": ref,
}) => ({
  "bom-ref": ref,
  type,
  name: called,
  version: at,
  scope,
  ...(description && { description }),
  purl,
  ...(hashes && { hashes }),
  ...(licenses && { licenses }),
});

const byRef = (key) => (a, b) => (a[key] < b[key] ? -1 : 1);
const content = {
  metadata: {
    lifecycles: made.metadata.lifecycles,
    tools: [{ vendor: "npm", name: "cli" }],
    component: component({ ...made.metadata.component, name, version }),
  },
  components: made.components
    .filter((c) => isInstalled(c["bom-ref"]))
    .map(component)
    .sort(byRef("bom-ref")),
  dependencies: made.dependencies
    .filter(({ ref }) => isInstalled(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter(isInstalled).sort() }))
    .sort(byRef("ref")),
};
// A UUID of version 8 (RFC 9562): 122 bits of the content's own sum.
const sum = createHash("sha256").update(JSON.stringify(content)).digest("hex");
const uuid = `${sum.slice(0, 8)}-${sum.slice(8, 12)}-8${sum.slice(13, 16)}-a${sum.slice(17, 20)}-${sum.slice(20, 32)}`;
const { $schema, bomFormat, specVersion } = made;
const document = { $schema, bomFormat, specVersion, serialNumber: `urn:uuid:${uuid}`, version: 1, ...content };
writeFileSync(join(root, "sbom.cdx.json"), `${JSON.stringify(document, null, 2)}\n`);
