/** docs/performance.md, from the committed JSON of bench/results. */
import { percent } from "espalier";
import type { Committed } from "./committed.ts";
import { type JavaScriptRow, javaScriptTable, lackingReading } from "./javascript-table.ts";
import { drawSection } from "./results-page.ts";
import { type FullSize, fullSizeTable } from "./run-tables.ts";
import { type AnySection, anySection, type Section } from "./sections.ts";
import { epochReading, inferenceReading, overheadReading, wholeReading } from "./speed-readings.ts";
import {
  type EpochRow,
  epochTables,
  type InferenceRow,
  inferenceTable,
  type Overhead,
  overheadTable,
  type WholeRow,
  wholeTable,
} from "./speed-tables.ts";
import { type StepRow, stepTable, stepVerdict } from "./step-table.ts";
import { type WallRow, wallReading, wallTables } from "./wall-table.ts";

const benchmark = (name: string) => ({
  path: `bench/results/${name}.json`,
  command: `node dist/bench/${name}.js`,
});

/** What a table says of the machine meanwhile. */
const noise = (rows: readonly { readonly othersCores?: number }[]): string => {
  const others = Math.max(...rows.map((row) => row.othersCores ?? 0));
  return `Medians of rounds by turns; other programs used at most ${others.toFixed(2)} cores meanwhile${others > 0.2 ? ": too much for figures that mean something" : ""}.`;
};

const peakText = ({ settings: { peak } }: Committed<unknown>): string => {
  const { gflops, gbs } = (peak ?? {}) as { gflops?: number; gbs?: number };
  return gflops && gbs
    ? `*limit*: the operations of a step's products at ${gflops.toFixed(0)} GFLOP/s, which a product of two 1,536 × 1,536 matrices reached here through ONNX Runtime in the same run, or its bytes at ${gbs.toFixed(1)} GB/s, which a copy reached, whichever is longer; *reached* is the share of the limit in Espalier's time. Nothing is assumed to stay in a cache between two passes, so that what fits into one can be below the limit by memory.`
    : "";
};

const step: Section<StepRow> = {
  ...benchmark("step"),
  title: () => "A training step beside PyTorch's",
  table: stepTable,
  notes: (r) =>
    [
      stepVerdict(r),
      r.rows.some((row) => row.tuned)
        ? "*tuned*: by what `--tune` found on this machine within its 20 seconds, as runs of ten minutes and more do by default; all else is computed by the built-in thresholds."
        : "",
      `Momentum SGD on random samples, ${String(r.settings["threads"] ?? 2)} threads. MobileNetV2 (32 px), ViT, BERT and LSTM are read from files of PyTorch's exporter, \`bench/step_networks.py\`; the other networks are built in. ${noise(r.rows)}`,
      peakText(r),
      ...r.rows.flatMap(({ model, notCompiled }) =>
        notCompiled ? [`torch.compile of ${model}: ${notCompiled}.`] : [],
      ),
    ].filter(Boolean),
};

/** As it was recorded on another processor: what is fast differs from one to the next. */
const stepElsewhere: Section<StepRow> = {
  path: "bench/results/step-xeon.json",
  command: "node dist/bench/step.js",
  title: () => "The same on an Intel Xeon",
  table: stepTable,
  notes: (r) => [stepVerdict(r), noise(r.rows), peakText(r)].filter(Boolean),
};

/** On kernels of AVX2, wherever they were had. */
const stepAvx2: Section<StepRow> = {
  path: "bench/results/step-avx2.json",
  command: "node dist/bench/step.js --compile none --tuned none",
  title: () => "The same with AVX2 alone",
  table: stepTable,
  notes: (r) =>
    [
      stepVerdict(r),
      (r.settings["kernels"] as { held?: boolean } | undefined)?.held
        ? "The processor has AVX-512. ONNX Runtime was kept from it by a library in which two tests for it were switched off, PyTorch by `ATEN_CPU_CAPABILITY`, `ONEDNN_MAX_CPU_ISA` and `MKL_ENABLE_INSTRUCTIONS`: these are the kernels of a machine with AVX2, on another machine's caches and memory."
        : "",
      `Momentum SGD on random samples, ${String(r.settings["threads"] ?? 2)} threads. ${noise(r.rows)}`,
      peakText(r),
    ].filter(Boolean),
};

const javaScript: Section<JavaScriptRow> = {
  ...benchmark("javascript"),
  title: () => "Beside other frameworks in JavaScript",
  table: javaScriptTable,
  notes: (r) =>
    [
      `A step of momentum SGD in Node.js. Espalier computes with ${String(r.settings["threads"])} threads of onnxruntime-node; the others take what they choose. TensorFlow.js's native package, \`tfjs-node\`, was not tried: the library that it calls comes from another place than the packages. The networks are written anew by these frameworks' own operators, from the same graph, weights and batch, and the first loss was found to be Espalier's; what takes longer than ${String(r.settings["limit"])} s is timed once. ${noise(r.rows.filter((row) => "othersCores" in row))}`,
      lackingReading(r),
    ].filter(Boolean),
};

const profile: Section<WallRow> = {
  ...benchmark("profile"),
  title: () => "Where a step's time goes",
  table: wallTables,
  notes: (r) =>
    [
      wallReading(r),
      `Momentum SGD as in the first table, under ONNX Runtime's profiler; each kernel by the median of its runs. Columns are shares of the kernels' time; in parentheses the share of the peak that products reach by what they multiply. *layout*: what is moved, turned round and laid out, for products most of it; *update*: the optimizer's. A peak is, of products, what one of two 1,536 × 1,536 matrices reached, of the others what a copy reached, in the same run: what stays in a cache, or has a shape that suits the runtime better, is above it. *values* are those of one step that are computed of operands of the same shapes, with what is laid out for them; their operations are those that they cannot do without, and columns that serve a second value count where they are made. *best known*: the time of one plain product of as many operations in ONNX Runtime, with its operands laid out already, the faster of both ways round; where there is none, as for a convolution by channels, its operations or the bytes of operands and result at the peak, whichever takes longer; *as it is* where neither is faster. *With plain products*: a step with every product so; *with all at their best*: with everything else at its peak as well, which so many nodes, each with its call and its own way through memory, never reach. Both are estimates. ${noise(r.rows)}`,
      peakText(r),
    ].filter(Boolean),
};

const overhead: Section<Overhead> = {
  ...benchmark("overhead"),
  title: () => "Each optimizer's step divided by plain momentum SGD's, batch 128",
  table: overheadTable,
  notes: ({ rows }) => [
    overheadReading({ rows }),
    `${noise(rows)} Where passes are told, they are the operators over all parameters that an update takes in ONNX Runtime, which fuses none of them: momentum SGD's takes four. A method cannot come nearer to 1 than its passes beyond those allow.`,
  ],
};

const epoch: Section<EpochRow> = {
  ...benchmark("epoch"),
  title: () => "Whole epochs, starts and memory",
  table: epochTables,
  notes: ({ rows }) => [
    epochReading({ rows }),
    `An epoch is shuffled batches of 128 with their steps, the evaluation of the test samples and a checkpoint on the disk; PyTorch's has the same, from tensors in memory. ${noise(rows.filter((row) => row.kind === "epoch"))} The limit of an epoch is what its steps take. A start is from the command, in a process of its own, to the first finished step as a terminal shows it, or to the end of \`--help\`. Peak memory is the most that a process had in which three steps of momentum SGD ran, with all that it loads (Node.js or Python).`,
  ],
};

const inference: Section<InferenceRow> = {
  ...benchmark("inference"),
  title: () => "Shrunk against full, inference",
  table: inferenceTable,
  notes: ({ rows }) => [
    inferenceReading({ rows }),
    `The same share of every set of coupled channels is made zero and removed. ${noise(rows)} *limit by MACs*: if time went with the multiply–accumulates. What is smaller than a block of the runtime's kernels, or waits for memory, gains less.`,
  ],
};

const whole: Section<WholeRow> = {
  ...benchmark("whole"),
  title: () => "Whole runs to a size",
  table: wholeTable,
  notes: ({ rows, settings }) => [
    wholeReading({ rows }),
    `RMDA with the group lasso, steered to the named share of the parameters (${Object.entries(settings["keep"] ?? {})
      .map(([model, keep]) => `${model} ${String(keep)}`)
      .join(
        ", ",
      )}), ${String(settings["epochs"])} epochs of ${String(settings["images"])} images; the three runs go epoch by epoch in turn. *PyTorch, dense*: the same optimizer, penalty and schedule written in PyTorch, whose network keeps its size and is not steered. So few images say nothing of what the methods reach; they say what an epoch costs as structure appears. The limit of shrinking is what the epochs before the cut take, ${percent(Number(settings["until"]), 0)} of them. ${noise(rows)}`,
  ],
};

const fullSize: Section<FullSize> = {
  ...benchmark("full-size"),
  title: () => "Full-size models: time and memory of each phase",
  table: fullSizeTable,
  notes: ({ rows }) => [
    `Random weights, written by \`bench/full_size.py\` (\`--models\` says where); each phase in a process of its own. *groups*: of all kinds. *write* and *shrink*: with three of ten coupled groups zeroed, verified and proved. *step*: RMDA with the group lasso at batch 8, built and compiled. Memory is the most that the process ever had, beyond the ${(Math.max(...rows.flatMap(({ took }) => Object.values(took).map(({ base }) => base))) / 1e6).toFixed(0)} MB of Node.js and the runtime alone, divided by the file's size; that of *groups*, *shrink* and *step* includes their reading of the model.`,
  ],
};

const speedSections: readonly AnySection[] = [
  anySection(step),
  anySection(stepElsewhere),
  anySection(javaScript),
  anySection(stepAvx2),
  anySection(profile),
  anySection(overhead),
  anySection(epoch),
  anySection(inference),
  anySection(whole),
  anySection(fullSize),
];

/** docs/performance.md, whole. */
export function performancePage(root?: string): string {
  const head = [
    "# Performance",
    "How fast it is, and how far that is from what the machine can do. All but the last table is made in one run, on a machine that does nothing else (it waits, and says so), by",
    "```sh\nnpm run bench -- --python /path/to/venv/bin/python   # with torch and onnx; --only step,overhead for some tables, --draft to try\n```",
    "Each table names its command, its commit and its machine. Written by `node dist/experiments/results-doc.js` from the JSON in `bench/results/`, which it refuses where it was edited. A ratio below 1 means that Espalier is faster. A table that was not recorded yet is left out.",
  ];
  const drawn = speedSections.map((s) => s.render((section) => drawSection(section, "charts", root)));
  return `${[...head, ...drawn].filter(Boolean).join("\n\n")}\n`;
}
