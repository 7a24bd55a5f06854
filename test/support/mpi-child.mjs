// One rank of a run of every method, started by mpirun; rank 0 writes the models. usage: node mpi-child.mjs FOLDER METHOD…
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { write } from "espalier";
import { mpi } from "espalier/node";
import { shared } from "./shared-run.mjs";

const [folder, ...methods] = process.argv.slice(2);
const communicator = await mpi();
for (const method of methods) {
  const run = shared(method, { communicator });
  for await (const _ of run);
  if (communicator.rank === 0) await writeFile(join(folder, `${method}.onnx`), write(run.model));
}
await communicator.finalize();
