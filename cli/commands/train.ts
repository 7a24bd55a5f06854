/** `espalier train`: trains, shrinks, verifies, reports. */
import { availableParallelism } from "node:os";
import { Option } from "commander";
import {
  beforeAfterTable,
  type Communicator,
  cost,
  count,
  counted,
  FILES,
  percent,
  rankTable,
  type Summary,
  shapeText,
  TRUNCATED,
  type Trial,
  visible,
} from "espalier";
import { fromAssignments, fromFile } from "../settings/config.ts";
import { teacherFile } from "../settings/distill-fields.ts";
import { isFromFile } from "../settings/model-source.ts";
import { kebab } from "../settings/names.ts";
import { place, type RunFolder } from "../settings/place.ts";
import { targetSaid } from "../settings/target-fields.ts";
import { headings } from "../settings/train-choices.ts";
import { type TrainConfig, trainFields } from "../settings/train-fields.ts";
import { command, setOption } from "../terminal/command.ts";
import { dataFiles, runFiles, touched } from "../terminal/files.ts";
import { type Interruption, interruption, sayStopped } from "../terminal/interrupt.ts";
import { runFolder } from "../terminal/model-folder.ts";
import type { Output } from "../terminal/output.ts";
import { terminalTable } from "../terminal/terminal-table.ts";
import { completeJob, type Job, openJob } from "./job.ts";
import { onRanks } from "./ranks.ts";

export const trainCommand = () =>
  command({
    name: "train",
    about: "Trains a model into structure, shrinks it, verifies the small one and reports.",
    fields: trainFields,
    groups: headings,
    options: [
      new Option("--config <run.yaml>", "settings from a file; flags win").helpGroup("Settings:"),
      setOption("any setting by its name").helpGroup("Settings:"),
    ],
    examples: [
      "train --model lenet5 --data digits --epochs 15 --lambda 1.5e-3 --lr 0.2 --milestones 9,12 --out runs/digits",
      "train --model lenet5 --data mnist --data-root ~/data --target-params 0.1",
      "train --model trained.onnx --data cifar10 --target-macs 0.3 --epochs 20",
      "train --model trained.onnx --data cifar10 --target-latency 2ms --threads 1 --epochs 20",
      "train --config examples/quickstart.yaml --lambda 2e-3 --set augment.crop=2",
      "train --model lenet5 --data digits --lorita 3 --weight-decay 1e-3 --rank-tolerance 0.005",
      "train --model resnet.onnx --data cifar10 --distill original --lambda 1e-3 --epochs 10",
      "train --model resnet20 --data cifar10 --epochs 90 --no-tune",
      "train --resume --out runs/digits",
    ],
    sources: async (given) => [
      ...(given["config"] ? [await fromFile(given["config"] as string)] : []),
      fromAssignments(trainFields, (given["set"] as string[] | undefined) ?? []),
    ],
    files: async (_, { model, distill, order, data, dataRoot, out }, { config }) => ({
      reads: [
        ...touched("--model", model),
        ...touched("--distill", teacherFile({ distill })),
        ...touched("--order", order),
        ...touched("--config", config as string | undefined),
        ...(await dataFiles(data, dataRoot)),
      ],
      writes: out === undefined ? [] : runFiles(out),
    }),
    run: (_, asked, out) =>
      asked.mpi
        ? onRanks(asked, out, (shared, communicator, begin) => trainOnce(shared, out, { communicator, begin }))
        : trainOnce(asked, out),
  });

/** What goes with a run that several ranks share. */
interface Sharing {
  readonly communicator?: Communicator;
  begin?(where: RunFolder): Promise<unknown>;
}

async function trainOnce(asked: TrainConfig, out: Output, { communicator, begin }: Sharing = {}): Promise<number> {
  const where = await place(asked);
  await begin?.(where);
  if (where.summary) {
    out.say(`${where.out} is finished already`);
    conclude(where, where.summary, out);
    return 0;
  }
  const interrupt = interruption((line) => out.warn(line));
  try {
    return (await trainAndFinish(where, out, interrupt, communicator)) || (interrupt.unheard() ?? 0);
  } finally {
    interrupt.release();
  }
}

async function trainAndFinish(
  where: RunFolder,
  out: Output,
  interruption: Interruption,
  communicator?: Communicator,
): Promise<number> {
  const job = await openJob(where, { out, interruption, communicator });
  let folder = where;
  const outcome = await completeJob(job, {
    begun(where) {
      folder = where;
      introduce({ ...job, where });
    },
    trained: interruption.release,
  });
  if (!outcome) {
    const started = communicator ? `mpirun -n ${communicator.size} npx espalier train --mpi` : "npx espalier train";
    const resume = `${started} --resume --out ${folder.out}`;
    sayStopped({ out: folder.out, interrupted: true, resume }, out, interruption);
    return interruption.status() ?? 1;
  }
  const { summary, trials } = outcome;
  const { model } = job.choices;
  const whole = isFromFile(model) ? await runFolder(model, folder.out, out, job.shop.data.classNames) : undefined;
  conclude(folder, summary, out, { trials, whole });
  if (summary.collapse) return 0; // which was said, with what to change
  if (summary.prunes === "weights" && summary.groupSparsity > 0) noteOfSingleWeights(out);
  return 0;
}

/** A file keeps every weight of a tensor, zero or not. */
const noteOfSingleWeights = ({ say, colour }: Output): void =>
  say(
    colour.dim(
      "single zeros make no file smaller: shrinking cuts out what is zero in whole channels, as a penalty on groups leaves it",
    ),
  );

function lambdaText({ choices: s, chosen }: Pick<Job, "choices" | "chosen">): string {
  const target = targetSaid(s);
  if (!target) return `${s.lambda}${chosen ? ` (chosen for ${counted(chosen.steps, "step")} of this model)` : ""}`;
  const share = targetText(target, s);
  return s.targetSearch ? `searched for ${share}` : `${s.lambda}, steered to ${share}`;
}
function targetText({ key, value }: NonNullable<ReturnType<typeof targetSaid>>, s: Job["choices"]): string {
  if (key !== "targetLatency") return `${percent(Number(value), 1)} of the ${NOUNS[key]}`;
  const time = typeof value === "number" ? `${percent(value, 1)} of the time` : value;
  return `${time} at batch ${s.latencyBatch ?? 1}`;
}
const NOUNS = { targetParams: "parameters", targetMacs: "multiply-adds", targetBytes: "bytes" } as const;

function introduce(job: Job): void {
  const { choices: s, shop, where, notComposed } = job;
  const { model, data, engine, out } = shop;
  const { dim, bold } = out.colour;
  const samples = `${count(data.train.count)} + ${count(data.test.count)} samples of ${shapeText(data.shape)}`;
  const composed = s.lorita ? `, ${s.lorita} linear maps per layer` : "";
  const penalty =
    s.penalty === "none" ? "" : `, ${kebab(s.penalty)}${s.lambda === undefined ? "" : ` lambda ${lambdaText(job)}`}`;
  out.say(`${bold(s.model)} (${count(cost(model).params)} parameters${composed}) on ${bold(data.name)} (${samples})`);
  out.say(
    dim(
      `${kebab(s.optimizer)}${penalty}, ${s.steps === undefined ? counted(s.epochs, "epoch") : counted(s.steps, "step")}, ${counted(engine.threads, "thread")}, into ${where.out}`,
    ),
  );
  if (engine.threads > availableParallelism())
    out.warn(
      `${out.colour.yellow("note:")} more --threads than the ${availableParallelism()} processors are slower than as many`,
    );
  for (const { weight, why } of notComposed) out.say(dim(`  ${visible(weight)} is not composed: it ${why}`));
}

interface Concluded {
  readonly trials?: readonly Trial[];
  /** The folder of the small model, where the run began from a folder. */
  readonly whole?: string;
}

function conclude({ out: folder }: RunFolder, summary: Summary, out: Output, { trials, whole }: Concluded = {}): void {
  const files = Object.fromEntries(Object.entries(FILES).map(([key, name]) => [key, `${folder}/${name}`]));
  if (summary.lowRank) Object.assign(files, { truncated: `${folder}/${TRUNCATED}` });
  const paths = [
    ["small model", files["small"]],
    ...(whole ? [["its folder", whole]] : []),
    ...(summary.lowRank ? [["truncated", files["truncated"]]] : []),
    ["full model", files["model"]],
    ["report", files["report"]],
    ["certificate", files["certificate"]],
    ["figures", files["summary"]],
  ].map(([what, path]) => `  ${what.padEnd(12)}  ${path}`);
  const ranks = summary.lowRank ? `\n${terminalTable(rankTable(summary.lowRank.layers), out)}\n` : "";
  const text = `${ranks}\n${terminalTable(beforeAfterTable(summary), out)}\n\n${paths.join("\n")}`;
  out.result({ out: folder, files, ...(whole && { folder: whole }), summary, ...(trials && { trials }) }, text);
}
