/** What documents say of low rank by composition (compose.ts), which is neither an optimizer nor a penalty. */
import type { Description } from "../method.ts";

/** LoRITa: `compose` before training, weight decay, `recompose` after it. */
export const lorita: Description & { readonly name: "lorita" } = {
  name: "lorita",
  source: "Zhang, Alkhouri & Wang, TMLR 2024, arXiv 2405.03089",
  minimizes:
    "f(W_N … W₁) + (λ/2)·Σ‖Wᵢ‖² over N linear maps per layer, with nothing between them. For the product W that is (λN/2)·Σ σ^(2/N): the nuclear norm for N = 2, sparser spectra for N ≥ 3.",
  when: "Low rank without choosing a rank or decomposing anything during training; linear layers and ordinary convolutions. Weight decay is its λ. A step costs more: N matrices instead of one.",
  paper:
    "N = 1 … 3. FCNs on MNIST: adam, lr 1e-2, weightDecay 5e-6 … 2e-4. VGG-16 and ResNet-20 on CIFAR-10: sgd, lr 0.01, weightDecay 1e-3, label smoothing 0.1, 300 epochs.",
  demo: { optimizer: "adam", lr: 2e-3, weightDecay: 1e-3, milestones: [6, 9], lorita: 2, rankTolerance: 0.005 },
};
