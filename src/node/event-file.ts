/**
 * TensorBoard's event files: TFRecords (length, data, checksums of both) of `Event` messages in protobuf. Field numbers are those of
 * tensorflow/core/util/event.proto, framework/summary.proto and tensorboard/plugins/hparams/plugin_data.proto.
 */
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { joinedBytes } from "../bytes.ts";
import { crc32c } from "../math/crc.ts";

/** Numbers of one step, by their tags. */
export interface Scalars {
  readonly step: number;
  /** Seconds since 1970. */
  readonly at: number;
  readonly values: Readonly<Record<string, number>>;
}

/** A setting as TensorBoard tells kinds apart. */
export type Setting = number | boolean | string;

/** The checksum that TFRecord stores: turned, so that a checksum of a checksum is none. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** One record around some data. */
function record(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length + 4);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, masked(data), true);
  return bytes;
}

/** The records of a file up to the first that is cut off or damaged: each whole, and the step of its event. */
export function records(bytes: Uint8Array): { readonly bytes: Uint8Array; readonly step: number }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: { bytes: Uint8Array; step: number }[] = [];
  for (let at = 0; at + 16 <= bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    const end = at + 12 + length + 4;
    if (view.getUint32(at + 8, true) !== masked(bytes.subarray(at, at + 8)) || end > bytes.length) break;
    const data = bytes.subarray(at + 12, at + 12 + length);
    if (view.getUint32(end - 4, true) !== masked(data)) break;
    found.push({ bytes: bytes.subarray(at, end), step: stepOf(data) });
    at = end;
  }
  return found;
}

/** Field 2 of an event; one that is 0 is left out. */
function stepOf(event: Uint8Array): number {
  const reader = new BinaryReader(event);
  while (reader.pos < reader.len) {
    const [no, type] = reader.tag();
    if (no === 2 && type === WireType.Varint) return Number(reader.int64());
    reader.skip(type, no);
  }
  return 0;
}

/** A message inside another. */
const message = (writer: BinaryWriter, no: number, fill: (inner: BinaryWriter) => void): BinaryWriter => {
  fill(writer.tag(no, WireType.LengthDelimited).fork());
  return writer.join();
};
const text = (writer: BinaryWriter, no: number, value: string): BinaryWriter =>
  writer.tag(no, WireType.LengthDelimited).string(value);

const event = (at: number, step: number, fill: (inner: BinaryWriter) => void): Uint8Array => {
  const writer = new BinaryWriter().tag(1, WireType.Bit64).double(at);
  if (step > 0) writer.tag(2, WireType.Varint).int64(step);
  fill(writer);
  return record(writer.finish());
};

/** What a file begins with. */
const versionEvent = (at: number): Uint8Array => event(at, 0, (e) => text(e, 3, "brain.Event:2"));

/** What the table of hyper-parameters has of a run. @param no of the plugin's data */
const tableEvent = (at: number, name: string, no: number, fill: (inner: BinaryWriter) => void): Uint8Array =>
  event(at, 0, (e) =>
    message(e, 5, (summary) =>
      message(summary, 1, (value) => {
        text(value, 1, `_hparams_/${name}`);
        message(value, 8, (tensor) => message(tensor.tag(1, WireType.Varint).int32(1), 2, () => {})); // a float of no axes
        message(value, 9, (metadata) =>
          message(metadata, 1, (plugin) => {
            text(plugin, 1, "hparams");
            message(plugin, 2, (content) => message(content, no, fill));
          }),
        );
      }),
    ),
  );

/** The settings of a run. */
const settingsEvent = (at: number, settings: Readonly<Record<string, Setting>>): Uint8Array =>
  tableEvent(at, "session_start_info", 3, (start) => writeStart(start, at, settings));

/** That a run ended well. */
export const endEvent = (at: number): Uint8Array =>
  tableEvent(at, "session_end_info", 4, (end) => {
    end.tag(1, WireType.Varint).int32(1); // STATUS_SUCCESS
    end.tag(2, WireType.Bit64).double(at);
  });

function writeStart(start: BinaryWriter, at: number, settings: Readonly<Record<string, Setting>>): void {
  for (const [name, setting] of Object.entries(settings))
    message(start, 1, (entry) => {
      text(entry, 1, name);
      message(entry, 2, (value) => {
        if (typeof setting === "number") value.tag(2, WireType.Bit64).double(setting);
        else if (typeof setting === "boolean") value.tag(4, WireType.Varint).bool(setting);
        else text(value, 3, setting);
      });
    });
  start.tag(5, WireType.Bit64).double(at);
}

/** How a file begins: what it is, and the settings of its run. */
export const fileHead = (at: number, settings: Readonly<Record<string, Setting>>): Uint8Array =>
  joinedBytes([versionEvent(at), settingsEvent(at, settings)]);

/** A step's numbers. */
export const scalarsEvent = ({ at, step, values }: Scalars): Uint8Array =>
  event(at, step, (e) =>
    message(e, 5, (summary) => {
      for (const [tag, number] of Object.entries(values))
        message(summary, 1, (value) => text(value, 1, tag).tag(2, WireType.Bit32).float(number));
    }),
  );
