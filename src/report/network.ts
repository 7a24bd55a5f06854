/** What is drawn of a network: plain data, in which every text is for a reader. */

/** An operator, input or output of the network. */
export interface DrawnNode {
  readonly kind: "operator" | "input" | "output";
  /** The operator; "input" or "output". */
  readonly op: string;
  readonly name: string;
  /** The operator's family, which gives it its colour. */
  readonly family: string;
  /** The module that it is of, from the outside in: ["layer1", "0", "conv1"]. */
  readonly module: readonly string[];
  /** Shape of what it makes. */
  readonly shape: string;
  /** Whether that is not the shape of what it reads. */
  readonly reshapes: boolean;
  /** The places in the list of nodes whose values it reads. */
  readonly reads: readonly number[];
  /** Shape of its weight, if it has one. */
  readonly weight?: string;
  /** Numbers of its stored tensors that stand at no node before, running statistics left out. */
  readonly params: number;
  /** How many of them go with a channel that may go. */
  readonly removableParams: number;
  /** Numbers of its stored tensors that training leaves alone, running statistics left out. */
  readonly frozen: number;
  readonly macs: number;
  /** Input channels of its weights, and how many are exactly zero. */
  readonly groups: number;
  readonly zeroGroups: number;
  /** Output channels that its weights make, and how many go in the first step of shrinking. */
  readonly channels: number;
  readonly removable: number;
  readonly stored: readonly DrawnTensor[];
  /** Why channels that it makes must stay. */
  readonly obstacles: readonly string[];
  /** Why zeros stay. */
  readonly kept: readonly string[];
}

/** A stored tensor that a node reads. */
export interface DrawnTensor {
  readonly name: string;
  readonly shape: string;
  readonly dtype: string;
  /** Whether training changes it. */
  readonly learns: boolean;
  /** Half a sentence. */
  readonly why: string;
}

/** Groups of one kind. */
export interface DrawnGroups {
  readonly kind: string;
  readonly means: string;
  readonly groups: number;
  readonly zero: number;
  /** Numbers in them. */
  readonly weights: number;
}

/** A network to draw. */
export interface DrawnNetwork {
  readonly title: string;
  readonly opset: number;
  /** "batch 1, height 32": what the network is looked at. */
  readonly sizes: string;
  readonly params: number;
  readonly macs: number;
  /** In an order in which each stands behind those that it reads. */
  readonly nodes: readonly DrawnNode[];
  readonly groups: readonly DrawnGroups[];
  /** Stored tensors that training leaves alone. */
  readonly frozen: readonly Pick<DrawnTensor, "name" | "shape" | "why">[];
  /** What the file stores twice, or once for several layers. */
  readonly ties: readonly string[];
  readonly notes: readonly string[];
}
