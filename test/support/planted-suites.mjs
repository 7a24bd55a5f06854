// Suites for the campaign with one fault each, which it must find: read by test/campaign.test.ts and by the campaign's workers.
import { EspalierError } from "espalier";
import { WrongResult } from "../../dist/campaign/suite.js";

const suite = (name, run, more = {}) => ({ name, about: name, share: 1, ...more, run });

export const suites = [
  suite("passes", async () => undefined),
  suite("refuses", async () => {
    throw new EspalierError("missing", "refused as it should be");
  }),
  suite("throws", async ({ keep }) => {
    keep("input.txt", "what was tried");
    undefined.property;
  }),
  suite("rejects", async () => {
    Promise.reject(new TypeError("nobody waits for it"));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }),
  suite("differs", async () => {
    throw new WrongResult("1 is not 2");
  }),
  suite(
    "hangs",
    async () => {
      for (;;);
    },
    { processorSeconds: 1 },
  ),
  suite("waits", () => new Promise(() => {}), { seconds: 1 }),
  suite(
    "grows",
    async () => {
      const held = [];
      for (;;) held.push(new Uint8Array(2 ** 25).fill(1));
    },
    { processorSeconds: 30 }, // some machines take seconds to give a gigabyte
  ),
  suite("dies", async () => process.kill(process.pid, "SIGSEGV")),
  suite("draws", async ({ random }) => `${random.int(1e6)}`),
];
