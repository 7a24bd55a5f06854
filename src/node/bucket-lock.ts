/** The lock of a place in a bucket: an object that one alone can make, and that its holder renews. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { EspalierError } from "../error.ts";
import type { BucketFiles } from "./s3-files.ts";

/** How often a sign of life is given, and after how long without one a holder is dead, in milliseconds. */
const SIGN_EVERY = 60_000;
const DEAD_AFTER = 300_000;

/** For those who share a store: the first takes it, the last gives it up. */
export class BucketLock {
  private readonly files: BucketFiles;
  private readonly key: string;
  private readonly location: string;
  private holders = 0;
  private taking: Promise<void> = Promise.resolve();
  private tag: string | undefined;
  private lost = false;
  /** By the clock on the wall: the process's own stands still while a machine sleeps. */
  private signedAt = 0;
  private signs: NodeJS.Timeout | undefined;

  constructor(files: BucketFiles, key: string, location: string) {
    this.files = files;
    this.key = key;
    this.location = location;
  }

  /** @throws EspalierError "locked" when somebody else holds it */
  async take(): Promise<() => Promise<void>> {
    const before = this.taking;
    const taken = before.catch(() => {}).then(() => (this.holders > 0 ? undefined : this.acquire()));
    this.taking = taken;
    await taken;
    this.holders++;
    let given = false;
    return async () => {
      if (given) return;
      given = true;
      if (--this.holders > 0) return;
      clearInterval(this.signs);
      const { tag } = this;
      this.tag = undefined;
      if (tag !== undefined && !this.lost && (await this.files.get(this.key))?.tag === tag)
        await this.files.remove(this.key);
    };
  }

  /** @throws EspalierError when the lock was taken and is held no more */
  async check(): Promise<void> {
    if (this.tag === undefined && !this.lost) return;
    if (Date.now() - this.signedAt > 2 * SIGN_EVERY) await this.sign(); // the runtime held the thread, or the machine slept
    if (this.lost)
      throw new EspalierError(
        "locked",
        "another process has taken the folder over",
        { lock: this.key, reason: "for minutes this one gave no sign of life, or somebody removed its lock" },
        "start again when the other one has ended",
      );
  }

  private async acquire(): Promise<void> {
    this.lost = false;
    let tag = await this.files.put(this.key, note(), { IfNoneMatch: "*" });
    if (tag === undefined) {
      const holder = await this.files.get(this.key);
      const silent = holder ? Date.now() - holder.at : 0;
      if (holder && silent > DEAD_AFTER) tag = await this.files.put(this.key, note(), { IfMatch: holder.tag });
      if (tag === undefined)
        throw new EspalierError(
          "locked",
          `${this.location} is in use`,
          {
            by: holder && new TextDecoder().decode(holder.bytes),
            "last sign": `${Math.max(0, Math.round(silent / 1000))} s ago`,
          },
          "wait until that run is over; of a dead one the lock is free five minutes after its last sign",
        );
    }
    this.tag = tag;
    this.signedAt = Date.now();
    this.signs = setInterval(() => void this.sign().catch(() => {}), SIGN_EVERY); // the next one may reach it
    this.signs.unref();
  }

  private async sign(): Promise<void> {
    if (this.tag === undefined) return;
    const tag = await this.files.put(this.key, note(), { IfMatch: this.tag });
    if (tag === undefined) this.lost = true;
    this.tag = tag ?? this.tag;
    this.signedAt = Date.now();
  }
}

/** Other bytes every time, so that a tag is of one holder and one sign. */
const note = (): Uint8Array =>
  new TextEncoder().encode(`process ${process.pid} on ${hostname()}, sign ${randomUUID()}`);
