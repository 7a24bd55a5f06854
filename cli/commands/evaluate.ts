/** `espalier evaluate`: loss and accuracy of a model on a data set. */
import { evaluate, orderClasses, percent, significant, UsageError } from "espalier";
import { readModel } from "espalier/node";
import { dataFields, normalizationSetting } from "../settings/data-fields.ts";
import { engineFields, engineOf } from "../settings/engine-fields.ts";
import { choice, text } from "../settings/field.ts";
import { lossField, lossOf } from "../settings/losses.ts";
import { modelFields, readingOf } from "../settings/model-fields.ts";
import { openDataset } from "../settings/open.ts";
import { trainFields } from "../settings/train-fields.ts";
import { command } from "../terminal/command.ts";
import { writesNothing } from "../terminal/files.ts";
import { folderOf } from "../terminal/model-folder.ts";
import { sayData } from "../terminal/reading.ts";

export const evaluateCommand = () =>
  command({
    name: "evaluate",
    about: "Prints a model's loss and accuracy on a data set.",
    arguments: [["<file.onnx>", "the model, or the folder that it lies in"]],
    fields: {
      ...modelFields,
      ...dataFields,
      split: choice("test (default) or train", ["test", "train"]),
      loss: lossField,
      classAxis: trainFields.classAxis,
      output: text("the model's output that the loss attaches to (default: the first)", "name"),
      ...engineFields,
    },
    examples: [
      "evaluate runs/a/small.onnx --data mnist --data-root ~/data",
      "evaluate resnet.onnx --data cifar10 --normalize 0.49,0.48,0.45/0.2,0.2,0.2",
      "evaluate runs/a/small.onnx --data digits --json",
    ],
    files: writesNothing,
    async run([file], values, out) {
      if (!values.data)
        throw new UsageError("missing", "evaluate wants data", { wanted: "--data" }, "for example --data mnist");
      const folder = await folderOf(file, out);
      const model = await readModel(file!, readingOf(values));
      const opened = await openDataset(values.data, { ...values, model: file }, model);
      const { data, notes } = folder?.classes ? orderClasses(opened, folder.classes) : { data: opened, notes: [] };
      const normalization = normalizationSetting(values.normalize);
      sayData(out, { ...data, notes: [...(data.notes ?? []), ...notes] }, model, normalization);
      const split = values.split ?? "test";
      const { loss, accuracy } = await evaluate(model, data, {
        engine: engineOf(values),
        loss: lossOf(values.loss, values),
        output: values.output,
        normalization,
        split: data[split],
      });
      const samples = data[split].count;
      const result = { file, data: data.name, split, samples, loss, accuracy };
      const said = accuracy === null ? "" : `, accuracy ${percent(accuracy)}`;
      out.result(result, `${file} on ${samples} ${split} samples of ${data.name}: loss ${significant(loss)}${said}`);
      return 0;
    },
  });
