/**
 * Gets a GPU made of software, SwiftShader, so that the tests of `--device webgpu` run on a machine that has none.
 * Debian's package chromium-common holds it with its Vulkan loader: both are unpacked into node_modules/.cache, nothing is
 * installed, and vitest.config.ts points the tests at them. Where the package cannot be had, a line says so, the exit
 * status is 0, and those tests are left out. (Dawn refuses the lavapipe of Debian 12.)
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGE = "chromium-common";
const FILES = ["libvulkan.so.1", "libvk_swiftshader.so", "vk_swiftshader_icd.json"];
const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "node_modules", ".cache", "software-gpu");
const say = (line) => process.stderr.write(`software-gpu: ${line}\n`);

/** Runs a command; undefined when it went well, else what went wrong. */
function failed(command, args, cwd) {
  const { error, status, stderr } = spawnSync(command, args, { cwd, encoding: "utf8", timeout: 180_000 });
  if (error) return `${command}: ${error.message}`;
  return status === 0 ? undefined : `${command} ${args[0]} ended with ${status}: ${stderr.trim().split("\n").at(-1)}`;
}

/** Unpacks the package into `folder`; what went wrong, or undefined. */
function get() {
  mkdirSync(dirname(folder), { recursive: true });
  const scratch = mkdtempSync(`${folder}-`);
  try {
    const download = () => failed("apt-get", ["download", PACKAGE], scratch);
    const problem = download() && (failed("apt-get", ["update"], scratch) ?? download()); // lists may be missing or old
    if (problem) return problem;
    const archive = readdirSync(scratch).find((name) => name.endsWith(".deb"));
    const broken = failed("dpkg-deb", ["--extract", archive, "unpacked"], scratch);
    if (broken) return broken;
    const chosen = join(scratch, "chosen");
    mkdirSync(chosen);
    for (const name of FILES) renameSync(join(scratch, "unpacked", "usr", "lib", "chromium", name), join(chosen, name));
    renameSync(chosen, folder);
    return undefined;
  } catch (error) {
    return error.message;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

if (existsSync(folder)) say(`is in ${folder}`);
else {
  const here = `${process.platform} ${process.arch}`; // no WebGPU in the runtime's build for linux arm64
  const problem = here === "linux x64" ? get() : `${here} gets none here`;
  say(
    problem ? `there is none, tests on WebGPU are left out unless there is a real one: ${problem}` : `is in ${folder}`,
  );
}
