/** `espalier verify`: whether two models compute the same; with a certificate, whether every removal is sound. */
import {
  type Certificate,
  verify as compare,
  EspalierError,
  type Replay,
  realInputs,
  replay,
  significant,
} from "espalier";
import { datasets, readBytes, readModel } from "espalier/node";
import { dataFields, engineFields, engineOf, normalizationSetting } from "../settings/engine-fields.ts";
import { integer, number, text } from "../settings/field.ts";
import { command } from "../terminal/command.ts";

export const verify = () =>
  command({
    name: "verify",
    about: "Runs two models on the same inputs and says whether they agree: exit status 0 if so, else 1.",
    arguments: [
      ["<a.onnx>", "a model"],
      ["<b.onnx>", "the one that should compute the same"],
    ],
    fields: {
      certificate: text("replay each removal of this certificate on A, and compare B with it", "file.json"),
      tolerance: number("largest relative difference that still counts as the same (default 1e-4)", { min: 0 }),
      random: integer("runs on random inputs for each batch size (default 4)", { min: 1 }),
      ...dataFields,
      ...engineFields,
    },
    examples: [
      "verify runs/a/model.onnx runs/a/small.onnx",
      "verify runs/a/model.onnx runs/a/small.onnx --certificate runs/a/certificate.json",
      "verify a.onnx b.onnx --data mnist --data-root ~/data --tolerance 1e-5",
    ],
    async run([a, b], values, out) {
      const [first, second] = [await readModel(a!), await readModel(b!)];
      const engine = engineOf(values);
      const data = values.data ? await datasets.open(values.data, { root: values.dataRoot }) : undefined;
      const normalization = normalizationSetting(values.normalize);
      const inputs = await realInputs(first, data, engine, normalization);
      const { tolerance, random } = values;
      const verification = await compare(first, second, {
        engine,
        inputs,
        ...(tolerance !== undefined && { tolerance }),
        ...(random !== undefined && { random }),
      });
      const replayed = values.certificate
        ? await replay(first, await readCertificate(values.certificate), second)
        : undefined;

      const differ = verification.agree ? "agree" : `differ: ${verification.reason}`;
      const lines = [
        `${a} and ${b} ${differ}`,
        `  on ${verification.runs} runs${data ? `, ${verification.given} of them on ${data.name}` : ""}: ` +
          `largest difference ${significant(verification.maxAbs)}, ${significant(verification.maxRel)} relative`,
        ...(replayed
          ? [`  certificate ${replayed.holds ? "holds" : "does not hold"}: ${replayed.claims} claims replayed`]
          : []),
        ...(replayed ? problemLines(replayed, a!) : []),
      ];
      out.result({ a, b, ...verification, ...(replayed && { certificate: replayed }) }, lines.join("\n"));
      return verification.agree && (replayed?.holds ?? true) ? 0 : 1;
    },
  });

/** Of another model than A every line of a certificate is wrong; what helps then is which file it is about. */
function problemLines({ sameModel, problems }: Replay, a: string): string[] {
  const shown = problems.slice(0, sameModel ? 10 : 1).map((p) => `    ${p}`);
  return sameModel || problems.length === 0
    ? shown
    : [
        ...shown,
        `    so it is about another model than ${a}: give the file that was shrunk as A; where ranks were truncated, that is truncated.onnx`,
      ];
}

async function readCertificate(path: string): Promise<Certificate> {
  let found: unknown;
  try {
    found = JSON.parse(new TextDecoder().decode(await readBytes(path)));
  } catch (e) {
    if (e instanceof EspalierError) throw e;
    throw new EspalierError("the certificate is not JSON", { file: path, reason: (e as Error).message });
  }
  const { format, removed, replaced } = (found ?? {}) as Partial<Certificate>;
  if (format !== "espalier-certificate-1" || !Array.isArray(removed) || !Array.isArray(replaced))
    throw new EspalierError("the file is no certificate of Espalier", {
      file: path,
      got: String(format),
      wanted: "espalier-certificate-1",
    });
  return found as Certificate;
}
