/**
 * gRDA against SGD on Keras' six-layer network (Chao et al. 2020, figure of the supplement), CIFAR-10 subset: c 0.005, μ 0.3,
 * 0.51, 0.7, 1; no momentum, no augmentation, pixels / 255. Their curve at epoch 99, whole CIFAR-10 (accuracy / share of nonzero weights, read off
 * the figure): SGD .81, μ 0.3 .815/.96, μ 0.51 .82/.81, μ 0.7 .82/.30, μ 1 .74/.02. Batch and lr of that figure are uncertain; with
 * a fifth of the images and 25 epochs, lr 0.05 and batch 64 bring the threshold c γ^(1/2) (nγ)^μ to the same order.
 * Run: node dist/experiments/grda-cnn6.js [--data-root DIR] [--draft]
 */
import { parseArgs } from "node:util";
import { constant, grda, models, percent, settingsOf, sgd, train } from "espalier";
import { datasets } from "espalier/node";
import { untunedNode } from "./engine.ts";
import { begin, common } from "./record.ts";

const { values } = parseArgs({ options: common });
const recording = begin({ name: "grda-cnn6", draft: values.draft });
const data = await datasets.open("cifar10", { root: values["data-root"] });
const engine = untunedNode({ threads: 1 });
const [epochs, batchSize, lr, c] = [25, 64, 0.05, 0.005];
const rows: object[] = [];
for (const mu of [null, 0.3, 0.51, 0.7, 1]) {
  const name = mu === null ? "sgd" : `grda μ ${mu}`;
  const run = train(models.cnn6({ seed: 1 }), data, {
    engine,
    optimizer: mu === null ? sgd({ momentum: 0 }) : grda({ c, mu }),
    schedule: constant({ lr }),
    augment: null,
    normalization: { mean: [0, 0, 0], std: [1, 1, 1] },
    epochs,
    batchSize,
    seed: 1,
    store: recording.store(mu === null ? "sgd" : `grda-${mu}`),
    resume: true,
  });
  for await (const m of run)
    console.error(
      `${name} ${m.epoch}: loss ${m.loss.toFixed(3)}, test ${m.testAccuracy}, zero ${percent(m.elementSparsity)}, ${m.msPerStep.toFixed(0)} ms`,
    );
  const { testAccuracy, elementSparsity, loss, msPerStep } = run.history.at(-1)!;
  rows.push({
    method: mu === null ? "sgd" : "grda",
    ...(mu !== null && { mu, c }),
    ran: settingsOf(run.options, run.data),
    testAccuracy,
    elementSparsity,
    loss,
    msPerStep,
    curve: run.history.map((m) => [m.epoch, m.testAccuracy, m.elementSparsity, m.loss]),
  });
  console.log(`${name}: ${percent(testAccuracy!)}, ${percent(elementSparsity)} of the weights zero`);
}
await recording.write(engine, {
  settings: {
    model: "cnn6",
    data: "cifar10",
    train: data.train.count,
    test: data.test.count,
    epochs,
    batchSize,
    lr,
    c,
    seed: 1,
  },
  rows,
});
