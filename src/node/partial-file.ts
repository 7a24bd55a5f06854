/** A file that grows under a temporary name, over several runs if need be, and gets its own when it is whole. */
import { type FileHandle, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { remove, sizeOfFile } from "./files.ts";
import { refused } from "./system-error.ts";
import { makeFolder, syncFolder } from "./whole-files.ts";

export class PartialFile {
  readonly path: string;
  readonly temporary: string;
  private handle: FileHandle | undefined;

  constructor(path: string) {
    this.path = path;
    this.temporary = `${path}.part`;
  }

  /** Bytes that are there already. */
  size(): Promise<number> {
    return sizeOfFile(this.temporary).then((size) => size ?? 0);
  }

  async append(bytes: Uint8Array): Promise<void> {
    try {
      if (!this.handle) {
        await makeFolder(dirname(this.path));
        this.handle = await open(this.temporary, "a");
      }
      await this.handle.appendFile(bytes);
    } catch (error) {
      throw refused("write the file", { file: this.temporary }, error, "write");
    }
  }

  async close(): Promise<void> {
    await this.handle?.close();
    this.handle = undefined;
  }

  async discard(): Promise<void> {
    await this.close();
    await remove(this.temporary);
  }

  async finish(): Promise<void> {
    try {
      await this.handle?.sync();
      await this.close();
      await rename(this.temporary, this.path);
      await syncFolder(dirname(this.path));
    } catch (error) {
      throw refused("write the file", { file: this.path }, error, "write");
    }
  }
}
