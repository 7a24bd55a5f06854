// Every method that must survive a stop, with settings under which all its kinds of step run within a few epochs.
// Read by whole-run.mjs and by resume.test.ts.
import * as espalier from "espalier";

const { constant, cosine, groupLasso, l1, multiStep } = espalier;
const staged = multiStep({ lr: 0.05, milestones: [1, 2] });
const penalty = groupLasso({ lambda: 1e-3 });

const rows = {
  rmda: { optimizer: espalier.rmda({ c: 0.1 }), schedule: staged, penalty },
  sgd: { optimizer: espalier.sgd({ momentum: 0.9, weightDecay: 1e-4 }), schedule: cosine({ lr: 0.02 }) },
  proxSgd: { optimizer: espalier.proxSgd(), schedule: staged, penalty },
  proxSgdYang: { optimizer: espalier.proxSgd({ form: "yang" }), schedule: constant({ lr: 0.06 }), penalty },
  adam: { optimizer: espalier.adam({ weightDecay: 1e-4 }), schedule: constant({ lr: 1e-3 }) },
  adamw: { optimizer: espalier.adamw(), schedule: constant({ lr: 1e-3 }) },
  rda: { optimizer: espalier.rda(), schedule: constant({ lr: 0.05 }), penalty: l1({ lambda: 1e-3 }) },
  ramda: { optimizer: espalier.ramda({ c: 0.1 }), schedule: multiStep({ lr: 0.01, milestones: [1, 2] }), penalty },
  proxSsi: { optimizer: espalier.proxSsi(), schedule: constant({ lr: 1e-3 }), penalty },
  proxGen: { optimizer: espalier.proxGen(), schedule: constant({ lr: 1e-3 }), penalty },
  grda: { optimizer: espalier.grda(), schedule: staged },
  hspg: {
    optimizer: espalier.hspg({ switchEpoch: 2, momentum: 0.5 }),
    schedule: constant({ lr: 0.05 }),
    penalty: espalier.wgsef({ lambda: 2, keep: 0.5 }),
  },
  rigl: { optimizer: espalier.rigl({ updateEvery: 3 }), schedule: staged },
  magnitude: { optimizer: espalier.magnitude({ updateEvery: 5 }), schedule: staged },
  rmdaNuclear: { optimizer: espalier.rmda({ c: 0.1 }), schedule: staged, penalty: espalier.nuclear({ lambda: 0.02 }) },
  proxSgdNm: { optimizer: espalier.proxSgd(), schedule: staged, penalty: espalier.nm(), lambdaWarmup: 2.5 },
  proxSsiBlock: {
    optimizer: espalier.proxSsi(),
    schedule: constant({ lr: 1e-3 }),
    penalty: groupLasso({ lambda: 1e-3, groups: { block: [4, 4] } }),
  },
  rmdaThin: {
    optimizer: espalier.rmda({ c: 1 }),
    schedule: constant({ lr: 0.2 }),
    penalty: groupLasso({ lambda: 0.15 }),
    shrinkEvery: 1,
    shrinkAfter: 1,
  },
};

/** Every optimizer that has no row, with its defaults. */
const others = Object.values(espalier.optimizers)
  .flatMap((method) => espalier.formsOf(method))
  .filter(({ name, form }) => !Object.values(rows).some(({ optimizer: o }) => o.name === name && o.form === form))
  .map((optimizer) => [
    [optimizer.name, optimizer.form].filter(Boolean).join(" "),
    { optimizer, schedule: staged, ...(optimizer.prox && { penalty }) },
  ]);

export const methods = { ...rows, ...Object.fromEntries(others) };
