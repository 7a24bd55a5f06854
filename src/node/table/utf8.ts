/** Text that is read as UTF-8 is UTF-8: in another encoding ä and ö would be the same unknown character, and so the same class. */
import { Transform } from "node:stream";
import { EspalierError } from "../../error.ts";

const decodes = (bytes: Uint8Array): boolean => {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
};

/** The number of the line, from 0, in which the bytes are not UTF-8; they may begin and end within a character. */
function lineIn(bytes: Buffer): number {
  let from = 0;
  while (from < 3 && (bytes[from] & 0xc0) === 0x80) from++; // the end of a character
  for (let line = 0; ; line++) {
    const end = bytes.indexOf(10, from);
    if (end < 0 || !decodes(bytes.subarray(from, end))) return line;
    from = end + 1;
  }
}

const lineBreaks = (bytes: Buffer): number => bytes.reduce((sum, byte) => sum + (byte === 10 ? 1 : 0), 0);

/** Passes bytes on. It fails, naming file and line, at those that are neither UTF-8 nor, by their beginning, UTF-16. */
export function checkedText(path: string): Transform {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 1;
  let wide: boolean | undefined;
  const failed = (line: number) =>
    new EspalierError(
      "invalid-file",
      "the text is not UTF-8",
      { file: path, line, wanted: "UTF-8, or UTF-16 with a byte order mark" },
      "save it as UTF-8, for example by iconv -f latin1 -t utf-8",
    );
  return new Transform({
    transform(chunk: Buffer, _, done) {
      wide ??= chunk[0] === 0xff && chunk[1] === 0xfe;
      if (wide) return done(null, chunk);
      try {
        decoder.decode(chunk, { stream: true });
      } catch {
        return done(failed(line + lineIn(chunk)));
      }
      line += lineBreaks(chunk);
      done(null, chunk);
    },
    flush(done) {
      try {
        if (!wide) decoder.decode();
        done();
      } catch {
        done(failed(line));
      }
    },
  });
}
