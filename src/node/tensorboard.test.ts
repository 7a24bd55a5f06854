/** Event files, read by a reader of their own: framing, checksums and messages by their definitions, not by our writer. */
import { expect, test } from "vitest";
import { data, model, options } from "../../test/support/small-run.ts";
import { crc32c } from "../math/crc.ts";
import { proxSgd } from "../optim/prox-sgd.ts";
import { structureTarget } from "../pipeline/target-structure.ts";
import { memory } from "../train/memory.ts";
import type { TrainOptions } from "../train/options.ts";
import { EVENTS } from "../train/run-files.ts";
import { train } from "../train/train.ts";
import { tensorboard } from "./tensorboard.ts";

test("CRC-32C as RFC 3720 has it", () => {
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
});

/** Fields of a protobuf message by their numbers: varints as bigint, the rest as bytes. */
function fields(bytes: Uint8Array): Map<number, (bigint | Uint8Array)[]> {
  const found = new Map<number, (bigint | Uint8Array)[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const take = (n: number) => bytes.subarray(at, (at += n));
  while (at < bytes.length) {
    const tag = Number(varint());
    const value = [varint, () => take(8), () => take(Number(varint())), undefined, undefined, () => take(4)][
      tag & 7
    ]!();
    found.set(tag >> 3, [...(found.get(tag >> 3) ?? []), value]);
  }
  return found;
}
const text = (x: unknown) => new TextDecoder().decode(x as Uint8Array);
const view = (x: unknown) => new DataView((x as Uint8Array).buffer, (x as Uint8Array).byteOffset);

/** The sum of products that the checksum is, bit by bit. */
function masked(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  crc = ~crc >>> 0;
  return Number(((BigInt((crc >>> 15) | ((crc << 17) >>> 0)) & 0xffffffffn) + 0xa282ead8n) & 0xffffffffn);
}

function read(file: Uint8Array) {
  const events: {
    step: number;
    at: number;
    version?: string;
    values: Map<string, Map<number, (bigint | Uint8Array)[]>>;
  }[] = [];
  for (let at = 0; at < file.length; ) {
    const head = new DataView(file.buffer, file.byteOffset + at);
    const length = Number(head.getBigUint64(0, true));
    expect(head.getUint32(8, true)).toBe(masked(file.subarray(at, at + 8)));
    const body = file.subarray(at + 12, at + 12 + length);
    expect(head.getUint32(12 + length, true)).toBe(masked(body));
    const event = fields(body);
    const summary = event.get(5) ? fields(event.get(5)![0] as Uint8Array) : new Map();
    const values = (summary.get(1) ?? []).map((v: Uint8Array) => [text(fields(v).get(1)![0]), fields(v)] as const);
    events.push({
      step: Number(event.get(2)?.[0] ?? 0),
      at: view(event.get(1)![0]).getFloat64(0, true),
      ...(event.has(3) && { version: text(event.get(3)![0]) }),
      values: new Map(values),
    });
    at += 16 + length;
  }
  return events;
}

async function trained(more: Partial<TrainOptions>, store = memory()) {
  const run = train(model(), data, options({ epochs: 4, store, ...more }));
  for await (const _ of tensorboard(run, store));
  return { run, events: read((await store.read(EVENTS))!) };
}

test("what TensorBoard shows is what the metrics say", async () => {
  const { run, events } = await trained({});
  expect(events.map(({ step }) => step)).toEqual([0, 0, 1, 2, 3, 4, 0]);
  expect(events[0].version).toBe("brain.Event:2");
  for (const [i, m] of run.history.entries()) {
    const value = (tag: string) => view(events[i + 2].values.get(tag)!.get(2)![0]).getFloat32(0, true);
    expect(value("loss/train")).toBe(Math.fround(m.loss));
    expect(value("accuracy/test")).toBe(Math.fround(m.testAccuracy!));
    expect(value("sparsity/groups")).toBe(Math.fround(m.groupSparsity));
    expect(value("run/lr")).toBe(Math.fround(m.lr));
    expect(value("zero input channels/fc2.weight")).toBeGreaterThanOrEqual(0);
    expect(Math.abs(events[i + 2].at - Date.now() / 1000)).toBeLessThan(600);
  }
});

test("the settings are hyper-parameters", async () => {
  const { events } = await trained({});
  const value = events[1].values.get("_hparams_/session_start_info")!;
  const metadata = fields(value.get(9)![0] as Uint8Array);
  const plugin = fields(metadata.get(1)![0] as Uint8Array);
  expect(text(plugin.get(1)![0])).toBe("hparams");
  const start = fields(fields(plugin.get(2)![0] as Uint8Array).get(3)![0] as Uint8Array);
  const shown = new Map(
    start.get(1)!.map((entry) => {
      const pair = fields(entry as Uint8Array);
      return [text(pair.get(1)![0]), fields(pair.get(2)![0] as Uint8Array)] as const;
    }),
  );
  expect(text(shown.get("optimizer.name")!.get(3)![0])).toBe("rmda");
  expect(view(shown.get("penalty.lambda")!.get(2)![0]).getFloat64(0, true)).toBe(0.1);
});

test("the table of hyper-parameters hears that a run is over, and of one that was stopped does not", async () => {
  const ended = ({ events }: Awaited<ReturnType<typeof trained>>) =>
    events.flatMap((e) => e.values.get("_hparams_/session_end_info") ?? []);
  const store = memory();
  const stop = new AbortController();
  expect(
    ended(await trained({ signal: stop.signal, onProgress: (p) => p.epoch === 2 && stop.abort() }, store)),
  ).toEqual([]);
  await trained({ resume: true }, store);
  const [value, ...more] = ended(await trained({ resume: true }, store)); // it was over already
  expect(more).toEqual([]);
  const plugin = fields(fields(value.get(9)![0] as Uint8Array).get(1)![0] as Uint8Array);
  const end = fields(fields(plugin.get(2)![0] as Uint8Array).get(4)![0] as Uint8Array);
  expect(end.get(1)).toEqual([1n]); // STATUS_SUCCESS
});

test("a resumed run goes on in its file: no epoch twice, none missing, whatever was cut off", async () => {
  const whole = (await trained({})).events.map(({ step }) => step);
  const store = memory();
  const stop = new AbortController();
  await trained({ signal: stop.signal, onProgress: (p) => p.epoch === 3 && p.step === 2 && stop.abort() }, store);
  const before = read((await store.read(EVENTS))!);
  expect(before.map(({ step }) => step)).toEqual([0, 0, 1, 2]);
  const { events } = await trained({ resume: true }, store);
  expect(events.map(({ step }) => step)).toEqual(whole);
  expect(events[2].at).toBe(before[2].at);

  const cut = memory();
  const again = new AbortController();
  await trained({ signal: again.signal, onProgress: (p) => p.epoch === 3 && again.abort() }, cut);
  const bytes = (await cut.read(EVENTS))!;
  await cut.write(EVENTS, bytes.subarray(0, bytes.length - 5)); // killed while it wrote epoch 2
  expect((await trained({ resume: true }, cut)).events.map(({ step }) => step)).toEqual(whole);

  const late = memory();
  const third = new AbortController();
  const run = train(
    model(),
    data,
    options({ epochs: 4, store: late, signal: third.signal, onProgress: (p) => p.epoch === 3 && third.abort() }),
  );
  for await (const _ of run); // without TensorBoard at first
  expect((await trained({ resume: true }, late)).events.map(({ step }) => step)).toEqual(whole);

  const over = memory();
  await trained({}, over);
  const all = (await over.read(EVENTS))!;
  await over.write(EVENTS, all.subarray(0, all.length - 5)); // killed while it wrote the last epoch
  expect((await trained({ resume: true }, over)).events.map(({ step }) => step)).toEqual(whole);
});

test("a run on its way to a size shows how far it is", async () => {
  const { run, events } = await trained({ target: structureTarget({ keep: 0.5 }), optimizer: proxSgd() });
  const values = (tag: string) =>
    events.slice(2, -1).map((e) => {
      const value = e.values.get(tag)?.get(2)?.[0];
      return value && view(value).getFloat32(0, true);
    });
  const single = (x: number | undefined) => x && Math.fround(x);
  expect(values("run/share kept")).toEqual(run.history.map((m) => single(m.kept)));
  expect(values("run/strength of lambda")).toEqual(run.history.map((m) => single(m.strength)));
  expect(values("run/strength of lambda")[3]).toBeUndefined();
});
