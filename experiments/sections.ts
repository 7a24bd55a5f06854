/** The sections of docs/results.md: which result, which command must have written it, its table, and what a reader must know. */
import { fileSize, markdown, percent } from "espalier";
import type { Committed } from "./committed.ts";
import { halvingSection } from "./halving-section.ts";
import { latencySection } from "./latency-section.ts";
import {
  type Grda,
  grdaTable,
  type Logistic,
  type Lorita,
  logisticTable,
  loritaTable,
  type Sparse,
  type StabilityRow,
  sparseTable,
  stabilityTable,
  type Wgsef,
  wgsefTable,
} from "./paper-tables.ts";
import { type PretrainedRow, pretrainedTable, teachersPart } from "./pretrained-table.ts";
import { type Reproduced, reproduceTable } from "./run-tables.ts";
import { ranksSection } from "./scaling.ts";
import { shrinkingSection } from "./shrinking-section.ts";

/** A setting where this run and the paper's part, or may: here, there. */
export type Difference = readonly [what: string, here: string, there: string];

export interface Section<R> {
  readonly path: string;
  readonly command: string;
  readonly title: (r: Committed<R>) => string;
  readonly table: (r: Committed<R>) => string;
  readonly differences?: (r: Committed<R>) => readonly Difference[];
  /** What the figures do not say themselves, a paragraph each. */
  readonly notes?: (r: Committed<R>) => readonly string[];
  /** Of docs/charts. */
  readonly charts?: readonly string[];
}

const experiment = (name: string, args = "") => ({
  path: `experiments/results/${name}.json`,
  command: `node dist/experiments/${args || `${name}.js`}`,
});
const count = (n: unknown): string => Number(n).toLocaleString("en-US");
const said = (settings: Readonly<Record<string, unknown>>, key: string, otherwise = "not recorded"): string =>
  settings[key] === undefined ? otherwise : [settings[key]].flat().join(", ");
const points = (x: number): string => (100 * x).toFixed(2);

const reproduce: Section<Reproduced> = {
  ...experiment("mlp-reproduce"),
  title: () => "RMDA as the authors' code: MLP-7 on Fashion-MNIST, three seeds",
  table: reproduceTable,
  notes: () => [
    "Group lasso on input columns, λ 1e-4, weights by size, no warm-up of λ, lr 0.1 divided by ten after epochs 9 and 15, c raised tenfold there, 24 epochs. The last row is the authors' PyTorch code at the same settings, not a figure of their paper.",
  ],
};

const logistic: Section<Logistic> = {
  ...experiment("logistic-mnist"),
  title: () => "The RAMDA paper's logistic regression on MNIST: accuracy / weighted group sparsity",
  table: logisticTable,
  differences: () => [
    [
      "subproblem of ramda and of proxGen (ProxAdamW)",
      "solved to the end inside the step",
      "proximal gradient, at least 2 and at most 100 iterations, ended when the objective changes by less than 1e-8 of itself",
    ],
    ["subproblem of proxSsi", "solved to the end", "Newton, at most 100 iterations, to 1e-7"],
  ],
  notes: () => [
    "The sparsity of ProxSGD, ProxSSI and ProxGen oscillates, and the paper gives their sparsest epoch. Here that comes early, where ProxSSI and ProxGen are 0.2 points less accurate than at the end; with the accuracy of the last epoch their rows are the paper's. ProxSSI leaves the second moment in its metric uncorrected, which is a factor 1/√(1 − β₂ᵗ) on λ that soon is 1: its curve and ProxGen's part only at the beginning.",
  ],
  charts: ["stability-logistic", "logistic-sparsity"],
};

const stability: Section<StabilityRow> = {
  ...experiment("stability-mlp7"),
  title: () => "Does the structure stand still? MLP-7 on Fashion-MNIST, zero groups",
  table: stabilityTable,
  charts: ["stability-mlp7"],
};

const wgsef: Section<Wgsef> = {
  ...experiment("wgsef-lenet"),
  title: () => "WGSEF, LeNet-5 on MNIST: k fixed in advance, ProxSGD then HSPG",
  table: wgsefTable,
  differences: ({ settings }) => [
    ["network", "the large LeNet-5: 20, 50, 500", "LeNet-5 of PyTorch, not Caffe: most likely 6, 16, 120, 84"],
    ["learning rate", `${said(settings, "lr")}, ${said(settings, "schedule")}`, "1e-4"],
    ["batch", said(settings, "batchSize", "128"), "32"],
    ["momentum", said(settings, "momentum"), "0.95"],
    ["epochs", `${said(settings, "epochs")}, HSPG from ${said(settings, "switchEpoch")} on`, "15"],
    ["λ", `the first of ${said(settings, "lambdas")} with which k survive`, "not found; 1e-2 and 3e-2 elsewhere"],
  ],
  notes: () => ["So this shows that k groups survive, not what the paper's LeNet-5 reaches. One seed."],
};

const lorita: Section<Lorita> = {
  ...experiment("lorita-fcn"),
  title: ({ settings: { images } }) =>
    `LoRITa, fully connected nets of width 96 on ${Number(images) < 60_000 ? `${count(images)} images of MNIST` : "MNIST"}: accuracy where a share of the singular values is kept, three seeds`,
  table: loritaTable,
  differences: ({ settings }) => [
    [
      "search for the weight decay",
      `${said(settings, "searchEpochs")} epochs each, seed ${[settings["seeds"]].flat()[0]} alone, by the accuracy on a held-out ${percent(Number(settings["valSplit"]), 0)}`,
      "the same values; how long and on how many seeds was not found",
    ],
    ["epochs", said(settings, "epochs"), "not found"],
    ["optimizer", `Adam ${said(settings, "lr")}, batch ${said(settings, "batchSize")}`, "Adam 0.01"],
  ],
  notes: ({ settings }) => [
    `Weight decay is what makes the ranks low, and ${said(settings, "searchEpochs")} epochs on one seed choose it for its accuracy early in training; a whole search may choose another.`,
  ],
  charts: ["lorita-8"],
};

const grda: Section<Grda> = {
  ...experiment("grda-cnn6"),
  title: () => "gRDA, Keras' six-layer network on the CIFAR-10 subset",
  table: grdaTable,
  differences: ({ settings }) => [
    ["learning rate", said(settings, "lr"), "0.005 (SGD and gRDA)"],
    ["c", said(settings, "c", "0.005"), "0.005"],
    ["batch", said(settings, "batchSize"), "uncertain; the authors' script has 10"],
    ["epochs", said(settings, "epochs"), "100"],
    ["training images", count(settings["train"]), "50,000"],
  ],
  notes: () => [
    "The learning rate is ten times the paper's so that the threshold c γ^½ (nγ)^μ comes to the same order within a fraction of the steps. The authors' figure has, after 100 epochs on all of CIFAR-10 and read off: SGD 81 %, μ 0.3 81.5 % at 4 % zeros, μ 0.51 82 % at 19 %, μ 0.7 82 % at 70 %, μ 1 74 % at 98 %. The order of the sparsities is the same; that μ 0.7 costs nothing is not: here it lies 6 points below SGD. One seed, 2,000 test images: 1 point is 20 images.",
  ],
  charts: ["grda-accuracy", "grda-sparsity"],
};

/** A trained network that is pruned to a share of its multiply–accumulates. */
const pretrained = (net: string, title: string): Section<PretrainedRow> => ({
  ...experiment(`pretrained-${net}`, `pretrained.js ${net}`),
  title: ({ settings: { keep } }) => `Trained, then pruned to ${percent(Number(keep), 0)} of the MACs: ${title}`,
  table: pretrainedTable,
  notes: ({ settings, rows }) => [
    `Exported by PyTorch, trained dense here from new weights; ${said(settings, "data")}, ${count(settings["train"])} samples to train with, ${count(settings["test"])} to test; mean ± sample standard deviation of seeds ${said(settings, "seeds")}. *prune* cuts at once and is trained on for as many epochs as the steered run has in all, which is cut after ${percent(Number(settings["until"]), 0)} of them. *distilled*: the dense network is the teacher; with all labels at hand it changed the accuracy by, in points: ${teachersPart({ rows })}.`,
    ...(Number(settings["until"]) > 0.2
      ? [
          "Steered by an earlier recipe: its λ had made little or nothing zero when the cut came, and the learning rate had half fallen. Weights from a file are cut after a fifth of the epochs now, and the learning rate begins anew.",
        ]
      : []),
  ],
});

/** RMDA's accuracy against the masks', said for each sparsity. */
function margins(rows: readonly Sparse[]): string {
  const at = (target: number, method: string) => rows.find((r) => r.target === target && r.method === method);
  const told = [...new Set(rows.map((r) => r.target))].filter(Boolean).map((target) => {
    const mine = at(target, "rmda");
    const against = (["rigl", "magnitude"] as const).flatMap((method) => {
      const theirs = at(target, method);
      if (!mine || !theirs) return [];
      const margin = mine.testAccuracy - theirs.testAccuracy;
      const name = method === "rigl" ? "RigL" : "magnitude pruning";
      return [`${points(Math.abs(margin))} points ${margin < 0 ? "behind" : "ahead of"} ${name}`];
    });
    return `at ${percent(target, 0)} zeros ${against.join(" and ")}`;
  });
  return `RMDA lies ${told.join("; ")}.`;
}

const claim =
  "The RMDA paper says that without structure, too, RMDA outperforms a state-of-the-art pruning method, RigL.";
const unpublished: readonly Difference[] = [
  [
    "networks and settings of RMDA and RigL",
    "chosen here; weight decay 5e-4 for SGD, RigL and magnitude pruning",
    "not found",
  ],
];

const sparse = (net: string, notes: (rows: readonly Sparse[]) => readonly string[]): Section<Sparse> => ({
  ...experiment(`rigl-rmda-${net}`, `rigl-rmda.js ${net}`),
  title: () => `Single weights, ${net}: RigL and magnitude pruning beside RMDA + ℓ₁, accuracy (zero weights)`,
  table: sparseTable,
  differences: () => unpublished,
  notes: ({ rows }) => notes(rows),
  charts: [`rigl-rmda-${net}`],
});

/** Draws a section whatever the type of its rows: the page asks for no more. */
export interface AnySection {
  readonly path: string;
  render(draw: <R>(section: Section<R>) => string): string;
}
export const anySection = <R>(section: Section<R>): AnySection => ({
  path: section.path,
  render: (draw) => draw(section),
});

interface Timed {
  readonly command: string;
  readonly seconds: number;
}

const firstModel: Section<Timed> = {
  ...experiment("first-model"),
  title: () => "From npm i to the first small model",
  table: ({ rows }) =>
    markdown({
      head: ["command, in an empty folder", "seconds"],
      text: [0],
      rows: rows.map((r) => [r.command, r.seconds.toFixed(0)]),
    }),
  notes: ({ rows, settings }) => {
    const { before, after } = settings["bytes"] as { before: number; after: number };
    return [
      `${rows.reduce((n, r) => n + r.seconds, 0).toFixed(0)} seconds in all, on a machine that did other things meanwhile: the packed package is installed from the registry, then the commands behind the README's first door run as they stand. The model they make in the place of one's own goes from ${fileSize(before)} to ${fileSize(after)}.`,
    ];
  },
};

export const sections: readonly AnySection[] = [
  anySection(reproduce),
  anySection(logistic),
  anySection(stability),
  anySection(wgsef),
  anySection(lorita),
  anySection(grda),
  anySection(
    sparse("lenet5", (rows) => [
      `${claim} Not here: ${margins(rows)}`,
      "One seed, 12 epochs of MNIST; the λ of RMDA is searched for the sparsity alone.",
    ]),
  ),
  anySection(
    sparse("vgg-small", (rows) => [
      `${claim} Here ${margins(rows)}`,
      "One seed, 12 epochs of 10,000 images of CIFAR-10, and 2,000 to test: 1 point is 20 images. RigL and magnitude pruning train with SGD's learning rate, RMDA with its own. How they compare after longer training was not measured.",
    ]),
  ),
  anySection(pretrained("resnet", "a ResNet-18 of width 16")),
  anySection(pretrained("mobilenet", "a narrow MobileNetV3")),
  anySection(pretrained("bert", "a small BERT")),
  anySection(shrinkingSection),
  anySection(ranksSection),
  anySection(halvingSection),
  anySection(firstModel),
  anySection(latencySection),
];
