/**
 * The results that were recorded before a result carried its commit. Nothing can say any more at which commit each was made; this table
 * says openly at which it was first committed as it stands, and pins its content, so that these files cannot be edited either. It is a
 * table and not a look into the history, because a page is also written from a shallow clone or from an archive. An entry goes when its
 * experiment has run again.
 */
export interface Before {
  /** The commit that brought the file as it stands. */
  readonly seen: string;
  /** Of the whole file. */
  readonly sha256: string;
  /** What else a reader must know of how the file came about. */
  readonly flaw?: string;
}

export const beforeCommits: Readonly<Record<string, Before>> = {
  "experiments/results/grda-cnn6.json": {
    seen: "1ed829b",
    sha256: "d886912681f915cbdfb9eddff0acaefe60018df9b3f15a75d9cb8fd8283834a5",
  },
  "experiments/results/logistic-mnist.json": {
    seen: "740edfb",
    sha256: "e6c524ba792beeef26d1aaca15f24f605f744d2b9e9ba8cf4ea73c6b0be68598",
  },
  "experiments/results/lorita-fcn.json": {
    seen: "58b5bc1",
    sha256: "f7e81c7aa3ce3cf2395a5765562aae3ffbbf9eb0cc4dc92dc202e69286ac8e8a",
  },
  "experiments/results/methods.json": {
    seen: "ffc61e5",
    sha256: "b1cecb09606bb49e413e1dcfa56697dca3d1b7884080a32d2a6f6eda457c71d2",
  },
  "experiments/results/mlp-curve.json": {
    seen: "b83837b",
    sha256: "ddc3ecbc5ae149c7c9ce22d877a6cc950ac5e0854f0a62ee7176dad018a49295",
  },
  "experiments/results/mlp-reproduce.json": {
    seen: "c0debd1",
    sha256: "1b363ef492b0a9098838488c951075eafa2e5cb8d0b929d964638fe582d81a7b",
  },
  "experiments/results/rigl-rmda-lenet5.json": {
    seen: "63f7da9",
    sha256: "249312e424005d9817332cc676bb71d31ce0886b5a989ccbe7755a93365cd945",
    flaw: "under `rigl` and `magnitude` it has these optimizers' defaults, weight decay 0, where 5e-4 was used",
  },
  "experiments/results/rigl-rmda-vgg-small.json": {
    seen: "8d3451e",
    sha256: "47977e25e5b1798cecad696b5b09db1498e4900fd869e0d30ef36bbd0757985c",
    flaw: "under `rigl` and `magnitude` it has these optimizers' defaults, weight decay 0, where 5e-4 was used",
  },
  "experiments/results/stability-mlp7.json": {
    seen: "740edfb",
    sha256: "db12a8cc154b972ea3930057675d1ed23bd9bc955997a1f36f5559f4e4ab39a7",
  },
  "experiments/results/wgsef-lenet.json": {
    seen: "8d3451e",
    sha256: "cf79c18d2adb8f50f0cfbdb27038d0e09a9199a626186eb0ca2a2346d0ad04a2",
    flaw: "its latencies were measured beside another program",
  },
};
