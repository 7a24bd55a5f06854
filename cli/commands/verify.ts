/** `espalier verify`: whether two models compute the same; with a certificate, whether every removal is sound. */
import {
  type Certificate,
  EspalierError,
  keptAgain,
  type Proof,
  prove,
  realInputs,
  significant,
  type Verification,
  verify,
  visible,
} from "espalier";
import { readBytes, readModel, verifyModelFile } from "espalier/node";
import { dataFields, normalizationSetting } from "../settings/data-fields.ts";
import { engineFields, engineOf } from "../settings/engine-fields.ts";
import { integerField, numberField, text } from "../settings/field.ts";
import { modelFields, readingOf } from "../settings/model-fields.ts";
import { openDataset } from "../settings/open.ts";
import { command } from "../terminal/command.ts";
import { writesNothing } from "../terminal/files.ts";
import { sayData, sayReading } from "../terminal/reading.ts";

export const verifyCommand = () =>
  command({
    name: "verify",
    about:
      "Runs two models on the same inputs and says whether they agree, and whether each was read for what its file computes: exit status 0 if so, else 1.",
    arguments: [
      ["<a.onnx>", "a model"],
      ["<b.onnx>", "the one that should compute the same"],
    ],
    fields: {
      certificate: text(
        "prove each removal of this certificate from A alone, and compare B with what it leaves",
        "file.json",
      ),
      tolerance: numberField("largest relative difference that still counts as the same (default 1e-4)", { min: 0 }),
      random: integerField("runs on random inputs for each batch size (default 4)", { min: 1 }),
      ...modelFields,
      ...dataFields,
      ...engineFields,
    },
    examples: [
      "verify runs/a/model.onnx runs/a/small.onnx",
      "verify runs/a/model.onnx runs/a/small.onnx --certificate runs/a/certificate.json",
      "verify a.onnx b.onnx --data mnist --data-root ~/data --tolerance 1e-5",
    ],
    files: writesNothing,
    async run([a, b], values, out) {
      const reading = readingOf(values);
      const [given, second] = [await readModel(a!, reading), await readModel(b!, reading)];
      const certificate = values.certificate ? await readCertificate(values.certificate) : undefined;
      const first = (await keptAgain(given, certificate?.vocabulary))?.model ?? given;
      const engine = engineOf(values);
      const data = values.data ? await openDataset(values.data, { ...values, model: a }, given) : undefined;
      const normalization = normalizationSetting(values.normalize);
      if (data) sayData(out, data, given, normalization);
      const inputs = await realInputs(first, data, engine, normalization);
      const { tolerance, random } = values;
      const options = {
        engine,
        inputs,
        ...(tolerance !== undefined && { tolerance }),
        ...(random !== undefined && { random }),
      };
      for (const [path, model] of [[a!, given] as const, [b!, second] as const]) sayReading(out, path, model);
      const verification = await verify(first, second, options);
      const readings = {
        a: await verifyModelFile(a!, given, first === given ? options : { ...options, inputs: [] }),
        b: await verifyModelFile(b!, second, { ...options, inputs: [] }),
      };
      const proof = certificate ? await prove(first, certificate, { small: second, engine }) : undefined;

      const differ = verification.agree ? "agree" : `differ: ${verification.reason}`;
      const lines = [
        `${a}${first === given ? "" : ", with the tokens that the certificate keeps,"} and ${b} ${differ}`,
        `  on ${verification.runs} runs${data ? `, ${verification.given} of them on ${data.name}` : ""}: ` +
          `largest difference ${significant(verification.maxAbs)}, ${significant(verification.maxRel)} relative`,
        readingLine(a!, readings.a),
        readingLine(b!, readings.b),
        ...(proof ? proofLines(proof, a!) : []),
      ];
      out.result({ a, b, ...verification, readings, ...(proof && { certificate: proof }) }, lines.join("\n"));
      const asFiles = readings.a.agree && readings.b.agree;
      return verification.agree && asFiles && (proof?.holds ?? true) ? 0 : 1;
    },
  });

/** Whether what was compared is what the file itself computes. */
const readingLine = (path: string, { agree, reason, maxRel }: Verification): string =>
  agree
    ? `  ${path} was read for what the file computes: ${significant(maxRel)} relative`
    : `  ${path} was not read for what the file computes: ${reason}`;

/** Of another model than A hardly a line of a certificate holds; what helps then is which file it is about. */
function proofLines({ holds, sameModel, claims, proved, probe, problems }: Proof, a: string): string[] {
  const shown = problems.slice(0, sameModel ? 10 : 1).map((p) => `    ${visible(p)}`);
  return [
    `  certificate ${holds ? "holds" : "does not hold"}: ${proved} of ${claims} removals proved from ${a} alone` +
      (probe ? `, tried on ${probe.runs} runs` : ""),
    ...shown,
    ...(sameModel
      ? []
      : [
          `    so it is about another model than ${a}: give the file that was shrunk as A; where ranks were truncated, that is truncated.onnx`,
        ]),
  ];
}

async function readCertificate(path: string): Promise<Certificate> {
  let found: unknown;
  try {
    found = JSON.parse(new TextDecoder().decode(await readBytes(path)));
  } catch (e) {
    if (e instanceof EspalierError) throw e;
    throw new EspalierError("invalid-file", "the certificate is not JSON", {
      file: path,
      reason: (e as Error).message,
    });
  }
  const { format, removed, replaced } = (found ?? {}) as Partial<Certificate>;
  if (format !== "espalier-certificate-2" || !Array.isArray(removed) || !Array.isArray(replaced))
    throw new EspalierError("invalid-file", "the file is no certificate of Espalier", {
      file: path,
      got: String(format),
      wanted: "espalier-certificate-2",
    });
  return found as Certificate;
}
