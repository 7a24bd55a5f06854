/** What docs/methods.md says of each method in words; its options, defaults and help come from the command line's own table. */

export interface MethodText {
  /** What it solves, in one or two lines of mathematics. */
  readonly minimizes: string;
  readonly when: string;
  /** The settings that the paper states or its code has. */
  readonly paper: string;
  readonly source: string;
  /** Flags of the command beside --model lenet5-small --data digits: what the chart shows. */
  readonly flags: string;
}

/** Which method for which goal, which groups there are, and what the letters mean. */
export const guideText: readonly string[] = [
  "| you want | take | does the file get smaller? |",
  "|---|---|---|",
  "| a smaller, faster file | `--optimizer rmda --penalty group-lasso` (the defaults), `--target-params 0.1` to search λ | yes |",
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
  "channel in one tensor, as the RMDA paper; `output-channel` — one filter; `block` — r outputs × c inputs; `element` — one weight.",
  "",
  "**Notation** f the loss; ψ the penalty, with its strength λ; W the weights, W_g those of group g, ω_g its weight in the penalty (`--weights`);",
  "G a mini-batch's gradient; t the step; prox_{sψ}(X) = argmin_U ½‖U − X‖² + s·ψ(U). W̃ is the point that a dual-averaging method finds by its",
  "prox and W the average of these points: exact zeros are in W̃, and in W as soon as the averaging constant c is 1. c is divided by gamma at each",
  "milestone (`--momentum-schedule milestones`), or grows as c·√i over the i steps after the last milestone (`ramp`, which needs 1/c² steps",
  "to reach 1); a schedule without milestones raises it linearly over the last fifth of the run. Training loss may jump when c becomes 1.",
  "",
];

export const optimizerTexts: Readonly<Record<string, MethodText>> = {
  sgd: {
    minimizes: "f(W): v ← μv + (∇f + weightDecay·W), W ← W − lr·v, as torch.optim.SGD.",
    when: "The dense baseline to compare with, and fine-tuning after shrinking.",
    paper: "The RMDA experiments take lr 0.1, momentum 0.9, weightDecay 5e-4, lr divided by 10 at milestones.",
    source: "Robbins & Monro 1951; Polyak 1964",
    flags: "--optimizer sgd --lr 0.05 --milestones 6,9",
  },
  adam: {
    minimizes: "f(W) in the metric √v̂ of running squared gradients, as torch.optim.Adam.",
    when: "Dense training where SGD wants too much tuning; LoRITa's fully connected nets.",
    paper: "betas 0.9, 0.999, eps 1e-8; LoRITa's nets lr 1e-2 with weightDecay 5e-6 … 2e-4.",
    source: "Kingma & Ba 2015",
    flags: "--optimizer adam --lr 2e-3 --milestones 6,9",
  },
  adamw: {
    minimizes: "f(W) as Adam, with weight decay apart from the gradient.",
    when: "Transformers, and whenever Adam is to be regularized.",
    paper: "weightDecay 0.01.",
    source: "Loshchilov & Hutter 2019",
    flags: "--optimizer adamw --lr 2e-3 --milestones 6,9",
  },
  rmda: {
    minimizes:
      "f(W) + ψ(W): W̃ = prox of W⁰ − V/√t where V sums √t-weighted gradients, W ← (1−c)W + cW̃. The gradients' noise averages out, so the zero pattern is found after finitely many steps and then stands still.",
    when: "The method to begin with: structure that is stable. Plan two epochs or more with c = 1 after the last milestone. A step costs about as much as one of momentum SGD.",
    paper:
      "lr 0.1 (ResNet-50 1.0), c 0.1 or 0.01, lr·0.1 and a restart at every milestone; λ 1e-3 (logistic), 1e-5 … 2e-4 (VGG-19, ResNet-50).",
    source: "Huang & Lee, ICLR 2022, arXiv 2112.02612",
    flags: "--optimizer rmda --lr 0.2 --lambda 2e-3 --milestones 6,9",
  },
  ramda: {
    minimizes:
      "The same in the metric ∛U + ε of weighted squared gradients, with five Newton steps on the weighted subproblem where the paper iterates until its stopping rule holds (they end within 1e-7 of the solution).",
    when: "Where adaptive methods are needed (transformers, recurrent nets). On small image nets RMDA is as good or better, as its paper says.",
    paper:
      "lr 1e-2, c 0.01 ramped over the last stage (10,000 steps until it is 1: on short runs take a larger c), ε 1e-6, multiplied by 0.1 at restarts; λ 2e-7 … 1e-3.",
    source: "Huang & Lee, NeurIPS 2024, arXiv 2403.14398",
    flags: "--optimizer ramda --lr 0.02 --c 0.1 --lambda 2e-3 --milestones 6,9",
  },
  rda: {
    minimizes: "⟨ḡ, w⟩ + ψ(w) + (β_t/t)·½‖w‖²: the running mean ḡ of all gradients, no averaging, no restart.",
    when: "Convex problems (logistic regression), and as the ancestor of RMDA. Deep nets start at its centre 0 only with luck.",
    paper: "β_t = γ√t; here γ = 1/lr.",
    source: "Xiao, JMLR 2010",
    flags: "--model logistic --optimizer rda --penalty l1 --lr 0.05 --lambda 1e-3",
  },
  proxSgd: {
    minimizes:
      "f(W) + ψ(W): W ← prox(W − lr·m) with a running mean m of gradients (form unit), or Yang et al.'s x ← x + ε_t(x̂ − x) with x̂ the prox in a metric (form yang).",
    when: "The plain proximal baseline. Its pattern flickers to the end: stop where it happens to be sparse, or take RMDA.",
    paper: "Form unit (Huang & Lee): lr 0.1, rho 0.1. Form yang: lr (ε₀) 0.06, rho 0.9, beta 0.999.",
    source: "Huang & Lee 2022 (unit); Yang et al., ICLR 2020 (yang)",
    flags: "--optimizer prox-sgd --lr 0.2 --lambda 2e-3 --milestones 6,9",
  },
  proxSsi: {
    minimizes:
      "f(W) + ψ(W) by Adam steps, each followed by the prox in Adam's metric, solved by Newton inside the step graph.",
    when: "Group sparsity with Adam's robustness to the learning rate.",
    paper: "betas 0.9, 0.999, eps 1e-6; lr 1e-3, λ 5e-7 … 1e-3 in the RAMDA experiments.",
    source: "Deleu & Bengio 2021, arXiv 2102.03869",
    flags: "--optimizer prox-ssi --lr 2e-3 --lambda 5e-4 --milestones 6,9",
  },
  proxGen: {
    minimizes:
      "⟨m, W⟩ + ψ(W) + 1/(2·lr)·‖W − W_old‖² in the metric of AdamW; closed forms for ℓ₁, ℓ₀ and ℓ½, Newton for groups.",
    when: "Adam with a penalty on single weights, ℓ₀ and ℓ½ included.",
    paper: "betas 0.9, 0.999, eps 1e-8; lr 1e-3.",
    source: "Yun, Lozano & Yang, NeurIPS 2021",
    flags: "--optimizer prox-gen --penalty l-half --lr 2e-3 --lambda 1e-4 --milestones 6,9",
  },
  grda: {
    minimizes:
      "f(W) while a soft threshold g(n) = c·lr^{½+μ}·n^μ grows: weights move only inside flat directions of the loss (directional pruning).",
    when: "Sparse weights with SGD's own accuracy and learning rate, and no λ. It thresholds single weights, so the file does not shrink.",
    paper: "c 0.005 (up to 0.01 at ImageNet), μ 0.501, 0.51 or 0.55, lr as for SGD without momentum.",
    source: "Chao et al., NeurIPS 2020, arXiv 2006.09358",
    flags: "--optimizer grda --lr 0.1 --c 0.005 --mu 0.7",
  },
  hspg: {
    minimizes:
      "f(W) + ψ(W): first proximal or plain steps, then half-space steps that zero a group when its next iterate leaves the half space ⟨x̂_g, x_g⟩ ≥ ε‖x_g‖², and freeze it.",
    when: "When a fixed pattern is wanted from a chosen epoch on, and with WGSEF to come down to k groups: with enough λ and epochs exactly, never below.",
    paper:
      "OTO: switch a quarter into the run, λ 1e-3, ε 0 (convolutions) or 0.9 … 0.99 (dense); WGSEF: switch at half.",
    source: "Chen et al., NeurIPS 2021 (OTO)",
    flags: "--optimizer hspg --penalty wgsef --keep 0.3 --lr 0.2 --lambda 0.02 --momentum 0.9",
  },
  rigl: {
    minimizes:
      "f(W) on a mask of fixed size that moves: every ΔT steps the smallest weights are dropped and as many grown where the dense gradient is largest.",
    when: "A fixed share of single weights from the first step on. It makes no structure: the file does not shrink.",
    paper: "ΔT 100, drop 0.3 with a cosine to zero at 75 % of the steps, ERK densities, Nesterov SGD lr 0.1.",
    source: "Evci et al., ICML 2020",
    flags: "--optimizer rigl --sparsity 0.8 --lr 0.05 --milestones 6,9",
  },
  magnitude: {
    minimizes: "f(W) while the smallest weights are masked for good, by a cubic schedule up to the final sparsity.",
    when: "The baseline everybody knows for single weights.",
    paper: "s_t = s_f + (s_i − s_f)(1 − (t − t₀)/(nΔt))³.",
    source: "Zhu & Gupta 2017, arXiv 1710.01878",
    flags: "--optimizer magnitude --sparsity 0.9 --lr 0.05 --milestones 6,9",
  },
};

export const penaltyTexts: Readonly<Record<string, MethodText>> = {
  groupLasso: {
    minimizes: "λ Σ_g ω_g‖W_g‖₂. Prox: every group shrinks by step·λω_g, to exactly zero when shorter.",
    when: "The default. One λ decides everything; `--weights balanced` spares narrow layers, `size` is the papers' √size.",
    paper: "ω_g = √(weights in the group), input-channel groups.",
    source: "Yuan & Lin 2006",
    flags: "--optimizer rmda --lr 0.2 --lambda 2e-3 --milestones 6,9",
  },
  groupMcp: {
    minimizes: "Σ_g MCP(‖W_g‖; λω_g, γ): the group lasso near zero, flat beyond γλω_g.",
    when: "When the lasso's shrinking of the groups that stay costs accuracy.",
    paper: "γ 3.",
    source: "Zhang 2010; Breheny & Huang 2009",
    flags: "--optimizer prox-sgd --penalty group-mcp --concavity 50 --lr 0.2 --lambda 4e-3 --milestones 6,9",
  },
  wgsef: {
    minimizes:
      "λ·(the largest convex function below ½Σ d_g‖W_g‖² on weights with at most k nonzero groups), for every channel set.",
    when: "When you know how many channels should survive: `--k` or `--keep`. k is a lower bound: never fewer survive, and with too small a λ or too few epochs more do.",
    paper: "λ 0.01 … 0.05, lr 0.01 with cosine; first ProxSGD, then HSPG.",
    source: "Refael, Arbel & Huleihel, TMLR 2024, arXiv 2212.12921",
    flags: "--optimizer prox-sgd --penalty wgsef --keep 0.3 --lr 0.1 --lambda 0.03 --milestones 6,9",
  },
  sef: {
    minimizes: "The same with every weight a group of its own.",
    when: "A known number of single weights per layer.",
    paper: "–",
    source: "Beck & Refael 2022",
    flags: "--optimizer prox-sgd --penalty sef --keep 0.1 --lr 0.1 --lambda 1e-3 --milestones 6,9",
  },
  l1: {
    minimizes: "λ Σ|w| over the weights of dense and convolutional layers. Prox: the soft threshold.",
    when: "Single weights; against RigL in the RMDA paper.",
    paper: "–",
    source: "Tibshirani 1996",
    flags: "--optimizer rmda --penalty l1 --lr 0.2 --lambda 1e-3 --milestones 6,9",
  },
  l0: {
    minimizes: "λ·(number of nonzero weights). Prox: hard threshold at √(2·step·λ).",
    when: "Single weights without shrinking those that stay.",
    paper: "λ given as a value divided by the number of samples.",
    source: "Yun, Lozano & Yang 2021, section 4",
    flags: "--optimizer prox-gen --penalty l0 --lr 2e-3 --lambda 1e-5 --milestones 6,9",
  },
  lHalf: {
    minimizes: "λ Σ√|w|. Prox: Xu et al.'s half threshold.",
    when: "Between ℓ₁ and ℓ₀.",
    paper: "λ given as a value divided by the number of samples.",
    source: "Xu et al. 2012; Yun, Lozano & Yang 2021",
    flags: "--optimizer prox-gen --penalty l-half --lr 2e-3 --lambda 1e-4 --milestones 6,9",
  },
  l2: {
    minimizes: "λ/2‖W‖²: weight decay as a penalty, never zero.",
    when: "To compare proximal optimizers without structure.",
    paper: "–",
    source: "Hoerl & Kennard 1970",
    flags: "--optimizer rmda --penalty l2 --lr 0.2 --lambda 1e-3 --milestones 6,9",
  },
  nuclear: {
    minimizes:
      "λ Σ‖W‖_* over layers as matrices out × in·k². Prox: singular values shrink by step·λ, on the host between two graphs.",
    when: "Low rank instead of fewer channels, with a rank that training finds. It costs a decomposition per step.",
    paper: "RAMDA's appendix: RMDA lr 0.1, c 0.1, λ 5e-3; ProxSGD lr 0.1, λ 5e-3.",
    source: "Huang & Lee 2024, appendix; Cai, Candès & Shen 2010",
    flags: "--optimizer rmda --penalty nuclear --lr 0.1 --lambda 3e-2 --milestones 6,9",
  },
  nm: {
    minimizes:
      "The indicator of at most n nonzero weights in every m along the input axis; pruned weights decay to zero while the mask warms up.",
    when: "Hardware with N:M kernels (2:4). The file stays as it is.",
    paper: "2:4; a mask that decays over training.",
    source: "Kao et al. 2022, arXiv 2209.07617",
    flags: "--optimizer rmda --penalty nm --n 2 --m 4 --lr 0.2 --milestones 6,9",
  },
};

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

/** Low rank by composition, which is neither an optimizer nor a penalty. */
export const lowRankRun: MethodText = {
  minimizes:
    "f(W_N … W₁) + (λ/2)·Σ‖Wᵢ‖² over N linear maps per layer, with nothing between them. For the product W that is (λN/2)·Σ σ^(2/N): the nuclear norm for N = 2, sparser spectra for N ≥ 3.",
  when: "Low rank without choosing a rank or decomposing anything during training; linear layers and ordinary convolutions. Weight decay is its λ. A step costs more: N matrices instead of one.",
  paper:
    "N = 1 … 3. FCNs on MNIST: adam, lr 1e-2, weightDecay 5e-6 … 2e-4. VGG-16 and ResNet-20 on CIFAR-10: sgd, lr 0.01, weightDecay 1e-3, label smoothing 0.1, 300 epochs.",
  source: "Zhang, Alkhouri & Wang, TMLR 2024, arXiv 2405.03089",
  flags: "--optimizer adam --lr 2e-3 --weight-decay 1e-3 --milestones 6,9 --lorita 2 --rank-tolerance 0.005",
};
