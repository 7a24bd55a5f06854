/** What a model says of the images that it is for, and what is written of them beside it. */
import {
  type ImagesWanted,
  type Preprocessing,
  preprocessingEntry,
  recordedPreprocessing,
} from "../data/preprocessing.ts";
import { aModel, wants } from "../given.ts";
import { axesOfInput } from "../graph/bind.ts";
import type { Model } from "../graph/types.ts";

/** The model with the preprocessing of its images in its metadata; without one, as it is. */
export function recordPreprocessing(model: Model, preprocessing: Preprocessing | undefined): Model {
  if (!preprocessing) return model;
  const [key, text] = preprocessingEntry(preprocessing);
  return { ...model, metadata: new Map(model.metadata).set(key, text) };
}

/**
 * What a model wants of images, for `datasets.open(path, { images })`: height, width and channels of the input `[N, C, H, W]`, where the
 * file fixes them, and the preprocessing that its metadata records.
 * @returns nothing of what the model does not say
 * @throws UsageError when the record is damaged
 */
export function imagesFor(model: Model): ImagesWanted {
  wants("imagesFor", ["model", aModel, model]);
  const preprocessing = recordedPreprocessing(model.metadata);
  const shapes = model.graph.inputs.map((input) => axesOfInput(model, input));
  const [, channels, height, width] = shapes.find((shape) => shape.length === 4 && isChannels(shape[1])) ?? [];
  return {
    ...(isChannels(channels) && { channels }),
    ...(typeof height === "number" && typeof width === "number" && { size: [height, width] }),
    ...(preprocessing && { preprocessing }),
  };
}

const isChannels = (axis: unknown): axis is 1 | 3 => axis === 1 || axis === 3;
