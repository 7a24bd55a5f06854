// Trains a model file on digits into a run directory, and says every step. The parent kills it at some step.
// usage: node train-child.mjs MODEL.onnx DIRECTORY METHOD
import { trainInto } from "./whole-run.mjs";

const [file, path, name] = process.argv.slice(2);
await trainInto(file, path, name, () => process.stdout.write("step\n"));
