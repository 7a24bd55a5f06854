/** What docs/methods.md says beside what every method says of itself: the guide before them, and what follows low rank. */

/** Which method for which goal, which groups there are, and what the letters mean. */
export const guideText: readonly string[] = [
  "| you want | take | does the file get smaller? |",
  "|---|---|---|",
  "| a smaller, faster file | `--optimizer rmda --penalty group-lasso` (the defaults), `--target-params 0.1` to steer λ | yes |",
  "| a number of channels that you choose | `--optimizer hspg --penalty wgsef --keep 0.3` | yes |",
  "| low rank | `--lorita 2`, or `--penalty nuclear` | yes, where two thin layers are smaller than one |",
  "| most single weights zero | `--optimizer magnitude`, `rigl`, `grda`, or `--penalty l1` | no: single zeros leave the tensors as large as they are |",
  "| 2:4 sparsity for hardware that has it | `--penalty nm` | no |",
  "| blocks for a block-sparse kernel | `--groups block --block 4,4` | no, unless whole channels become zero |",
  "",
  "Names are camelCase in TypeScript (`groupLasso`); the command line and YAML take `groupLasso` and `group-lasso` alike.",
  "",
  "**Groups** (`--groups`): `coupled` (default) — everything in the network that must be zero for one channel to be removable, `--side consumer`",
  "all weights that read the channel, `--side producer` the filter, bias and norm parameters that make it; `input-channel` — what reads a",
  "channel in one tensor, as the RMDA paper; `output-channel` — one filter; `block` — r outputs × c inputs; `element` — one weight;",
  "`headWidth` — one index of every attention head; `layer` — what a residual branch ends in, without which the whole branch goes.",
  "",
  "**Notation** f the loss; ψ the penalty, with its strength λ; W the weights, W_g those of group g, ω_g its weight in the penalty (`--weights`);",
  "G a mini-batch's gradient; t the step; prox_{sψ}(X) = argmin_U ½‖U − X‖² + s·ψ(U). W̃ is the point that a dual-averaging method finds by its",
  "prox and W the average of these points: exact zeros are in W̃, and in W as soon as the averaging constant c is 1. c is divided by gamma at each",
  "milestone (`--momentum-schedule milestones`), or grows as c·√i over the i steps after the last milestone (`ramp`, which needs 1/c² steps",
  "to reach 1); a schedule without milestones raises it linearly over the last fifth of the run. Training loss may jump when c becomes 1.",
  "",
];

/** What follows training with composed layers, and works on any model. */
export const lowRankText: readonly string[] = [
  "After training the factors are multiplied back, which is exact up to rounding and is verified; the result has the architecture of the",
  "start. Then singular values are truncated. **That is lossy**, unlike everything else here, so it is judged by accuracy:",
  "",
  "| rule | keeps |",
  "|---|---|",
  "| `local` | the same share of the singular values of every layer |",
  "| `global` | the largest of all layers together, each layer's divided by its largest |",
  "| `iterative` (default) | what accuracy needs: ranks go down greedily where the loss on 120 training samples suffers least, as long as the accuracy on held-out (else training) samples stays within the tolerance |",
  "",
  "A layer of rank r becomes two (k×k in → r, then 1×1 r → out) only where r·(out + in·k²) is more than 5 % below out·in·k². `espalier factorize` does the same",
  "to any model, `espalier inspect --ranks` shows singular values, `--fine-tune` trains on after truncation.",
  "",
];
