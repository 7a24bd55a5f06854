/** CRC-32 as zip has it (polynomial 0xEDB88320, reflected), and CRC-32C (Castagnoli, 0x82F63B78), as TFRecord has it. */

const tableOf = (polynomial: number): Uint32Array =>
  Uint32Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? polynomial ^ (c >>> 1) : c >>> 1;
    return c;
  });

const checksum =
  (table: Uint32Array) =>
  (bytes: Uint8Array): number => {
    let c = 0xffffffff;
    for (let i = 0; i < bytes.length; i++) c = table[(c ^ bytes[i]) & 255] ^ (c >>> 8);
    return (c ^ 0xffffffff) >>> 0;
  };

/** The checksum of some bytes, an unsigned 32-bit number. */
export const crc32 = checksum(tableOf(0xedb88320));
export const crc32c = checksum(tableOf(0x82f63b78));
