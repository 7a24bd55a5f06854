/** The data sets that have a name, and what is known of each: plain data. */

import { UsageError } from "../error.ts";
import { nearest } from "../nearest.ts";
import type { Dataset } from "./dataset.ts";

export type Facts = Required<Pick<Dataset, "name" | "shape" | "classes" | "classNames" | "mean" | "std">> &
  Pick<Dataset, "augment"> & { readonly classes: number };

/** A file of a data set as its publisher offers it. */
export interface Download {
  readonly file: string;
  /** Tried in this order. */
  readonly urls: readonly string[];
  readonly bytes: number;
  readonly sha256: string;
  /** For a .tar.gz: the files that are taken out of it, with their SHA-256. */
  readonly contains?: Readonly<Record<string, string>>;
}

export interface PublishedSource {
  readonly format: "idx" | "cifar10" | "cifar100";
  /** Folders under the root that may hold the files, beside the root itself. */
  readonly folders: readonly string[];
  /** Files of the training and of the test split; each may also be there as NAME.gz. */
  readonly files: { readonly train: readonly string[]; readonly test: readonly string[] };
  readonly downloads: readonly Download[];
}

const DIGIT_NAMES = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

const MNIST_LIKE = { shape: [1, 28, 28], classes: 10, mean: [0.1307], std: [0.3081] } as const;

const CIFAR_LIKE = { shape: [3, 32, 32], augment: { crop: 4, flip: true } } as const;

/** Normalization and augmentation as in the RMDA paper's code, which uses MNIST's figures for Fashion-MNIST too. */
const FACTS: Readonly<Record<string, Facts>> = {
  digits: {
    name: "digits",
    shape: [1, 28, 28],
    classes: 10,
    classNames: DIGIT_NAMES,
    // Of the 6000 training samples of the default options.
    mean: [0.1638],
    std: [0.3122],
  },
  mnist: { name: "mnist", ...MNIST_LIKE, classNames: DIGIT_NAMES },
  "fashion-mnist": {
    name: "fashion-mnist",
    ...MNIST_LIKE,
    classNames: "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot".split(","),
  },
  cifar10: {
    name: "cifar10",
    ...CIFAR_LIKE,
    classes: 10,
    classNames: "airplane automobile bird cat deer dog frog horse ship truck".split(" "),
    mean: [0.4914, 0.4822, 0.4465],
    std: [0.2023, 0.1994, 0.201],
  },
  cifar100: {
    name: "cifar100",
    ...CIFAR_LIKE,
    classes: 100,
    classNames: [
      "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can",
      "castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin",
      "elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster",
      "man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck",
      "pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk",
      "skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger",
      "tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm",
    ].flatMap((line) => line.split(" ")),
    mean: [0.5071, 0.4865, 0.4409],
    std: [0.2673, 0.2564, 0.2762],
  },
};

const IDX_FILES = {
  train: ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"],
  test: ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"],
} as const;

/** The four files of MNIST and of Fashion-MNIST: [name, bytes, SHA-256]. */
const idxDownloads = (hosts: readonly string[], files: readonly (readonly [string, number, string])[]): Download[] =>
  files.map(([name, bytes, sha256]) => ({
    file: `${name}.gz`,
    urls: hosts.map((host) => `${host}${name}.gz`),
    bytes,
    sha256,
  }));

/** Where the files of a data set come from; `digits` has none. */
const SOURCES: Readonly<Record<string, PublishedSource>> = {
  mnist: {
    format: "idx",
    folders: ["mnist", "MNIST/raw"],
    files: IDX_FILES,
    // yann.lecun.com no longer serves them; these are the mirrors of torchvision and TensorFlow Datasets.
    downloads: idxDownloads(
      ["https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"],
      [
        [IDX_FILES.train[0], 9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"],
        [IDX_FILES.train[1], 28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"],
        [IDX_FILES.test[0], 1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"],
        [IDX_FILES.test[1], 4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"],
      ],
    ),
  },
  "fashion-mnist": {
    format: "idx",
    folders: ["fashion-mnist", "FashionMNIST/raw"],
    files: IDX_FILES,
    downloads: idxDownloads(
      [
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
      ],
      [
        [IDX_FILES.train[0], 26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"],
        [IDX_FILES.train[1], 29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"],
        [IDX_FILES.test[0], 4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"],
        [IDX_FILES.test[1], 5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"],
      ],
    ),
  },
  cifar10: {
    format: "cifar10",
    folders: ["cifar10", "cifar-10-batches-bin"],
    files: { train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`), test: ["test_batch.bin"] },
    downloads: [
      {
        file: "cifar-10-binary.tar.gz",
        urls: ["https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"],
        bytes: 170052171,
        sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        contains: {
          "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
          "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
          "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
          "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
          "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
          "test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
        },
      },
    ],
  },
  cifar100: {
    format: "cifar100",
    folders: ["cifar100", "cifar-100-binary"],
    files: { train: ["train.bin"], test: ["test.bin"] },
    downloads: [
      {
        file: "cifar-100-binary.tar.gz",
        urls: ["https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"],
        bytes: 168513733,
        sha256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
        contains: {
          "train.bin": "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29",
          "test.bin": "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a",
        },
      },
    ],
  },
};

/** The names of the data sets, `digits` first. */
export const NAMES: readonly string[] = Object.keys(FACTS);

export const isKnown = (name: string): boolean => Object.hasOwn(FACTS, name);

/** @throws UsageError with the nearest valid name and all of them */
export function facts(name: string): Facts {
  if (!isKnown(name))
    throw new UsageError(
      "unknown-name",
      `unknown data set "${name}"`,
      { nearest: nearest(name, [...NAMES]), wanted: NAMES.join(", ") },
      "use one of these names, or the path of a folder with IDX or CIFAR files",
    );
  return FACTS[name];
}

/** Files and downloads of a known data set; undefined for `digits`, which is drawn. */
export function source(name: string): PublishedSource | undefined {
  facts(name);
  return SOURCES[name];
}
