/** Runs on disks that are full at any byte: that is said, and with more space the run goes on to the same bytes. Only root may mount such disks. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pick } from "../mutate/pick.ts";
import { checkSameRun, goOn, type RunName, undisturbed } from "../runs.ts";
import { type Suite, WrongResult } from "../suite.ts";

const names: readonly RunName[] = ["proxSgd", "fineTuned"];
const ENOUGH = 65536;
const mount = (path: string, options: string): number | null =>
  spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", path]).status;

export const diskFull: Suite = {
  name: "disk-full",
  about: "train on disks of random size: a clear error, and the same bytes once there is space",
  share: 1,
  processorSeconds: 30,
  seconds: 500,
  async run({ random, shared, keep }) {
    const path = mkdtempSync(join(tmpdir(), "espalier-campaign-"));
    try {
      const [name, size] = [pick(random, names), 4 * (2 + random.int(80))];
      keep("disk.json", JSON.stringify({ name, size }));
      if (mount(path, `size=${size}k`) !== 0) return "no disk could be mounted";
      try {
        return await onDisk(name, join(path, "run"), shared, size, () =>
          execFileSync("mount", ["-o", `remount,size=${ENOUGH}k`, path]),
        );
      } finally {
        spawnSync("umount", ["-l", path]);
      }
    } finally {
      rmSync(path, { recursive: true });
    }
  },
};

async function onDisk(name: RunName, out: string, shared: string, size: number, grow: () => void): Promise<string> {
  const { folder: reference } = await undisturbed(shared, name);
  const how = `${name} on ${size} kB`;
  const { status, stderr } = await goOn(name, out);
  if (status !== 0 && !(status === 1 && /the disk is full/.test(stderr)))
    throw new WrongResult(`${how}: it ended with ${status}: ${stderr}`);
  grow();
  const again = await goOn(name, out);
  if (again.status !== 0) throw new WrongResult(`${how}: with space it does not go on: ${again.stderr}`);
  checkSameRun(out, reference, how);
  return status === 0 ? "enough" : "full";
}
