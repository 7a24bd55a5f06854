/** What experiments/pretrained.ts trains: networks that PyTorch exported, their data, and how long each part is trained. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { adamw, type Dataset, limitTrain, type Model, type Optimizer, proxGen, proxSgd, read, sgd } from "espalier";
import { datasets, readTokenizer } from "espalier/node";
import { writeOrderTexts } from "./order-texts.ts";

/** Trains: an optimizer made anew for each run, its lr, which falls along a cosine, and for how many epochs. */
export interface TrainedPart {
  readonly optimizer: () => Optimizer;
  readonly lr: number;
  readonly epochs: number;
}

export interface PretrainedSetting {
  readonly data: string;
  readonly train: number;
  open(places: { readonly root?: string; readonly folder: string }): Promise<Dataset>;
  readonly batchSize: number;
  readonly dense: TrainedPart;
  /** From trained weights to the target; the last part of it, without λ, is the fine-tuning after the cut. */
  readonly steered: TrainedPart & { readonly lambda: number };
  /** After pruning at once: as many epochs as the steered run has in all. */
  readonly tuned: TrainedPart;
}

const images = {
  data: "fashion-mnist",
  train: 6000,
  open: async ({ root }) => limitTrain(await datasets.open("fashion-mnist", { root }), 6000, 1),
  batchSize: 128,
  dense: { optimizer: () => sgd({ momentum: 0.9, weightDecay: 5e-4 }), lr: 0.1, epochs: 6 },
  steered: { optimizer: () => proxSgd(), lr: 0.2, epochs: 6, lambda: 1e-4 },
  tuned: { optimizer: () => sgd({ momentum: 0.9, weightDecay: 5e-4 }), lr: 0.02, epochs: 6 },
} satisfies PretrainedSetting as PretrainedSetting;

const COUNTS = { train: 8000, test: 2000 };
const texts: PretrainedSetting = {
  data: "order-texts (Parquet)",
  train: COUNTS.train,
  async open({ folder }) {
    const tokenizer = await readTokenizer(join(await writeOrderTexts(folder, COUNTS), "tokenizer.json"));
    return datasets.open(folder, { text: { tokenizer } });
  },
  batchSize: 128,
  dense: { optimizer: () => adamw(), lr: 2e-3, epochs: 8 },
  steered: { optimizer: () => proxGen(), lr: 1e-3, epochs: 8, lambda: 1e-4 },
  tuned: { optimizer: () => adamw(), lr: 1e-3, epochs: 8 },
};

export const pretrainedSettings: Readonly<Record<string, PretrainedSetting>> = {
  resnet: images,
  mobilenet: images,
  bert: texts,
};

/** A file that experiments/pretrained_models.py wrote. */
export const exportedNetwork = (net: string, exporter: string): Model =>
  read(new Uint8Array(gunzipSync(readFileSync(join("experiments", "models", `${net}-${exporter}.onnx.gz`)))));
