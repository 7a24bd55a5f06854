/** `espalier init`: a commented configuration to begin with, and the schema by which editors complete it. */
import { writeFile } from "node:fs/promises";
import { dirname, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { builtIns, didYouMean, EspalierError, UsageError } from "espalier";
import { systemReason } from "espalier/node";
import { toggle } from "../settings/field.ts";
import { kebab } from "../settings/names.ts";
import { configurationSchema } from "../settings/schema.ts";
import { configurationYaml } from "../settings/template.ts";
import { trainFields } from "../settings/train-fields.ts";
import { command } from "../terminal/command.ts";
import { writesNothing } from "../terminal/files.ts";

/** Written by the build. */
const SCHEMA = fileURLToPath(new URL("../../config.schema.json", import.meta.url));

export const initCommand = () =>
  command({
    name: "init",
    about:
      "Writes a configuration for a model and data, every setting with its help: what matters is set, the rest is there to be switched on.",
    arguments: [["[file.yaml]", "where it goes (default espalier.yaml); a file that is there stays as it is"]],
    fields: {
      model: trainFields.model,
      data: trainFields.data,
      schema: toggle("print the JSON Schema of configurations instead"),
    },
    examples: [
      "init --model lenet5 --data digits",
      "init mine.yaml --model model.onnx --data data.npz",
      "train --config espalier.yaml   # what it wrote, run; other examples: init --help",
      "init --schema > espalier.schema.json",
    ],
    files: writesNothing,
    async run([file = "espalier.yaml"], { model, data, schema }, out) {
      if (schema) {
        const document = configurationSchema();
        out.result(document, JSON.stringify(document, null, 2));
        return 0;
      }
      checkModel(model);
      const from = relative(dirname(resolve(file)), SCHEMA)
        .split(sep)
        .join("/");
      await writeNew(file, configurationYaml({ model, data, schema: from.startsWith(".") ? from : `./${from}` }));
      out.result({ file }, `wrote ${file}; next: espalier train --config ${file}`);
      return 0;
    },
  });

function checkModel(model: string | undefined): void {
  if (model === undefined || /[./\\]/.test(model) || builtIns.has(model)) return;
  throw new UsageError(
    "unknown-name",
    `unknown model "${model}"`,
    { wanted: trainFields.model.help },
    didYouMean(model, [...builtIns.keys()], kebab),
  );
}

async function writeNew(file: string, content: string): Promise<void> {
  try {
    await writeFile(file, content, { flag: "wx" });
  } catch (e) {
    if (e instanceof Error && "code" in e && e.code === "EEXIST")
      throw new UsageError("exists", "there is such a file already", { file }, "give another name, or remove it first");
    throw new EspalierError("system", "the configuration cannot be written", {
      file,
      reason: systemReason(e, "write"),
    });
  }
}
