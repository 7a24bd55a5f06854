/** `espalier train`: trains, shrinks, verifies, reports. */
import { Option } from "commander";
import { beforeAfterTable, cost, count, type Summary, shapeText, type Trial, write } from "espalier";
import { node } from "espalier/node";
import { command } from "./command.ts";
import { fromAssignments, fromFile } from "./config.ts";
import { finish } from "./finish.ts";
import { type Interruption, interruption } from "./interrupt.ts";
import type { Output } from "./output.ts";
import { clear, FILES, type Place, place, writeRun } from "./run-directory.ts";
import { searchTarget } from "./target-params.ts";
import { terminalTable } from "./terminal-table.ts";
import { headings, trainFields } from "./train-fields.ts";
import { type Choices, choose, methods, openData, openModel, resolved } from "./train-plan.ts";
import { prepare, trainIn, type Workshop } from "./training.ts";

export const train = () =>
  command({
    name: "train",
    about: "Trains a model into structure, shrinks it, verifies the small one and reports.",
    fields: trainFields,
    groups: headings,
    options: [
      new Option("--config <run.yaml>", "settings from a file; flags win").helpGroup("Settings:"),
      new Option("--set <key=value>", "any setting by its name; may be repeated")
        .argParser((value: string, before: string[] = []) => [...before, value])
        .helpGroup("Settings:"),
    ],
    examples: [
      "train --model lenet5 --data digits --epochs 15 --out runs/digits",
      "train --model lenet5 --data mnist --data-root ~/data --target-params 0.1",
      "train --config run.yaml --lambda 2e-4 --set augment.crop=4",
      "train --resume --out runs/digits",
    ],
    sources: async (given) => [
      ...(given["config"] ? [await fromFile(given["config"] as string)] : []),
      fromAssignments(trainFields, (given["set"] as string[] | undefined) ?? []),
    ],
    async run(_, asked, out) {
      const where = await place(asked);
      if (where.summary) {
        out.say(`${where.out} is finished already`);
        conclude(where, where.summary, out);
        return 0;
      }
      const interrupt = interruption((line) => out.warn(line));
      try {
        return await trainAndFinish(where, out, interrupt);
      } finally {
        interrupt.release();
      }
    },
  });

async function trainAndFinish(where: Place, out: Output, interrupt: Interruption): Promise<number> {
  const choices = choose(where.config);
  const data = await openData(choices);
  const model = await openModel(choices, data);
  const engine = node({ threads: choices.threads, device: choices.device });
  const settled = resolved(choices, methods(choices));
  const shop: Workshop = { model, data, engine, out, interruption: interrupt };
  // whatever does not fit together, or does not run on this device, is said before anything is written or cleared
  prepare(where.store, choices, shop);
  await (await engine.load(write(model))).release();
  if (choices.overwrite) await clear(where);
  await writeRun(where.store, settled, engine);
  introduce(choices, shop, where);

  const { run, trials, lambda } = choices.targetParams
    ? await searchTarget(choices.targetParams, where, choices, shop)
    : { run: await trainIn(where.store, choices, shop), trials: undefined, lambda: undefined };
  if (!run?.finished) {
    const resume = `npx espalier train --resume --out ${where.out}`;
    out.result({ out: where.out, interrupted: true, resume }, `stopped; go on with\n  ${resume}`);
    return interrupt.status() ?? 1;
  }
  interrupt.release();
  const config = { ...settled, ...(lambda !== undefined && { lambda }) };
  const summary = await finish(run, { ...shop, choices, config, store: where.store });
  conclude(where, summary, out, trials);
  if (summary.accuracy !== null && data.classes && summary.accuracy < 1.5 / data.classes)
    warnOfChance({ ...choices, lambda: lambda ?? choices.lambda }, out);
  return 0;
}

/** A result no better than guessing is nearly always one of two mistakes. */
const warnOfChance = ({ lambda, penalty, lr, targetParams }: Choices, { warn, colour }: Output): void =>
  warn(
    `${colour.yellow("note:")} the accuracy is that of guessing. ${
      penalty === "none" || targetParams
        ? `Try another --lr (it was ${lr}) or more --epochs.`
        : `Try a smaller --lambda (it was ${lambda}), let --target-params 0.1 search for it, or change --lr (${lr}).`
    }`,
  );

function introduce(s: Choices, { model, data, engine, out }: Workshop, { out: folder }: Place): void {
  const { dim, bold } = out.colour;
  const samples = `${count(data.train.count)} + ${count(data.test.count)} samples of ${shapeText(data.shape)}`;
  const penalty = s.penalty === "none" ? "" : `, ${s.penalty} lambda ${s.lambda}`;
  out.say(`${bold(s.model)} (${count(cost(model).params)} parameters) on ${bold(data.name)} (${samples})`);
  out.say(dim(`${s.optimizer}${penalty}, ${s.epochs} epochs, ${engine.threads} thread(s), into ${folder}`));
}

function conclude({ out: folder }: Place, summary: Summary, out: Output, trials?: readonly Trial[]): void {
  const files = Object.fromEntries(Object.entries(FILES).map(([key, name]) => [key, `${folder}/${name}`]));
  const paths = [
    ["small model", files["small"]],
    ["full model", files["model"]],
    ["report", files["report"]],
    ["certificate", files["certificate"]],
    ["figures", files["summary"]],
  ].map(([what, path]) => `  ${what.padEnd(12)}  ${path}`);
  const text = `\n${terminalTable(beforeAfterTable(summary), out)}\n\n${paths.join("\n")}`;
  out.result({ out: folder, files, summary, ...(trials && { trials }) }, text);
}
