/** Operators that older opsets, or training, spell in ways that are more than a parameter that moved: one canonical form each. */
import { EspalierError } from "../error.ts";
import { axisOf, checkLength, distinctAxes } from "../graph/op.ts";
import { size, tensor } from "../graph/tensor.ts";
import type { Attrs, DType, Size, Tensor } from "../graph/types.ts";
import { antialiased } from "./antialiased.ts";
import { isOpaque } from "./attributes.ts";
import type { Context, Step } from "./canonical.ts";
import { evaluationForms } from "./evaluation-forms.ts";
import { canonicalResize } from "./resize-forms.ts";
import { GRID_MODES, gridModesBefore, IDENTITY, overNothing, SCALES_PER_CHANNEL } from "./spelling.ts";
import { viewOfFlat } from "./strided-views.ts";
import { dataOf, dtypeOf } from "./tensors.ts";

type Special = (step: Step, context: Context) => readonly Step[];

const withAttrs = (step: Step, attrs: Attrs): Step[] => [{ ...step, attrs: { ...step.attrs, ...attrs } }];

/** The form of evaluation, and that the file has another. */
const evaluated: Special = (step, { opset }) => {
  const plain = { ...step, attrs: { ...step.attrs, training_mode: undefined } };
  return [evaluationForms[step.op].isTraining(step, opset) ? { ...plain, training: true } : plain];
};

/** Before opset 13: over the input flattened to two dimensions at `axis`, by default 1. */
const softmax: Special = (step, { opset, type, fresh }) => {
  if (opset >= 13) return [step];
  const { shape } = type(step.inputs[0]);
  const axis = axisOf((step.attrs.axis as number | undefined) ?? 1, shape.length);
  if (size(shape.slice(axis + 1)) === 1) return withAttrs(step, { axis });
  const flat = fresh(`${step.outputs[0]}.flat`);
  const soft = fresh(`${step.outputs[0]}.soft`);
  return [
    { ...step, op: "Flatten", name: `${step.name}.flat`, outputs: [flat], attrs: { axis } },
    { ...step, inputs: [flat], outputs: [soft], attrs: { axis: 1 } },
    { ...step, op: "Reshape", name: `${step.name}.shape`, inputs: [soft], attrs: { shape } },
  ];
};

const reduce: Special = (step) => {
  const { noop_with_empty_axes: noop, axes } = step.attrs;
  const nothing = axes === undefined || (axes as readonly number[]).length === 0;
  const plain = { noop_with_empty_axes: undefined, axes: nothing ? undefined : axes };
  if (!noop || !nothing) return withAttrs(step, plain);
  if (overNothing[step.op] !== "identity")
    throw new EspalierError("unsupported", `${step.op} over no axis is not supported`, { node: step.name });
  return [{ ...step, op: "Identity", attrs: {} }];
};

/** The attributes that may hold a Constant's numbers, but for `value`, which is a tensor. A list has one axis. */
const constantForms = new Map<string, { readonly dtype: DType; readonly list: boolean }>([
  ["value_float", { dtype: "float32", list: false }],
  ["value_floats", { dtype: "float32", list: true }],
  ["value_int", { dtype: "int64", list: false }],
  ["value_ints", { dtype: "int64", list: true }],
]);

const constant: Special = (step) => {
  const given = Object.entries(step.attrs).filter(([, a]) => a !== undefined);
  const [[key, held]] = given.length === 1 ? given : [["", undefined]];
  const form = constantForms.get(key);
  if (key === "value" && !isOpaque(held!)) return withAttrs(step, {});
  if (!form || isOpaque(held!))
    throw new EspalierError("invalid-file", "a Constant does not hold one tensor of numbers", {
      node: step.name,
      got: given.map(([k]) => k).join(", ") || "no attribute",
      wanted: `one of value, ${[...constantForms.keys()].join(", ")}`,
    });
  const numbers = (form.list ? held : [held]) as readonly number[];
  const value = tensor(form.dtype, form.list ? [numbers.length] : [], dataOf(form.dtype, numbers));
  return [{ ...step, attrs: { value } }];
};

const zero: Tensor = { dtype: "float32", shape: [1], data: new Float32Array(1) };

/** From opset 18 on parts may differ in size, and their number is stated. */
const UNEQUAL_PARTS = 18;

const split: Special = (step, { opset, type }) => {
  const {
    split: given,
    num_outputs,
    axis,
  } = step.attrs as {
    readonly split?: readonly number[];
    readonly num_outputs?: number;
    readonly axis?: number;
  };
  const { shape } = type(step.inputs[0]);
  const length = shape[axisOf(axis ?? 0, shape.length)];
  const parts = step.outputs.length;
  const part = Math.ceil(length / parts);
  const sizes = given ?? step.outputs.map((_, i) => (i < parts - 1 ? part : length - part * (parts - 1)));
  const equal = opset < UNEQUAL_PARTS ? length % parts === 0 : num_outputs !== undefined && parts <= length;
  const stated = given ? num_outputs === undefined : equal;
  if (!stated || sizes.length !== parts || (num_outputs ?? parts) !== parts)
    throw new EspalierError("mismatch", "the parts of a Split do not fit", {
      node: step.name,
      got: `split ${given ? `[${given}]` : "—"}, num_outputs ${num_outputs ?? "—"}, ${parts} outputs, length ${length}`,
      wanted: "one size or equal parts for each output",
    });
  return withAttrs(step, { split: sizes, num_outputs: undefined });
};

/** Without axes, or with none, every dimension of 1 goes; they are named, so that a batch of 1 does not go with them. */
const squeeze: Special = (step, { type }) => {
  const { shape } = type(step.inputs[0]);
  const axes = step.attrs.axes as readonly number[] | undefined;
  return withAttrs(step, { axes: axes?.length ? axes : shape.flatMap((d, i) => (d === 1 ? [i] : [])) });
};

const pad: Special = (step, { type }) => {
  const { axes, pads } = step.attrs as { axes?: readonly number[]; pads?: readonly number[] };
  if (!axes || !pads) return [step];
  const rank = type(step.inputs[0]).shape.length;
  checkLength("pads", pads, 2 * axes.length);
  const at = distinctAxes(axes, rank);
  const placed = <T>(list: readonly T[], none: T): T[] => {
    const all = new Array<T>(2 * rank).fill(none);
    at.forEach((a, i) => {
      all[a] = list[i];
      all[a + rank] = list[i + axes.length];
    });
    return all;
  };
  const sizes = step.follows?.pads;
  const follows = sizes && { follows: { ...step.follows, pads: placed<Size>(sizes, 0) } };
  return withAttrs({ ...step, ...follows }, { axes: undefined, pads: placed(pads, 0) });
};

/** Before opset 21 with a scale and a shift per group: an InstanceNormalization of groups for channels. */
const groupNorm: Special = (step, { opset, type, fresh }) => {
  if (opset >= SCALES_PER_CHANNEL) return [step];
  const [x, scale, shift] = step.inputs;
  const { num_groups, epsilon } = step.attrs as { num_groups: number; epsilon?: number };
  const [grouped, normal] = [fresh(`${step.outputs[0]}.grouped`), fresh(`${step.outputs[0]}.normal`)];
  const [, ...rest] = type(x).shape;
  return [
    {
      ...step,
      op: "Reshape",
      name: `${step.name}.grouped`,
      inputs: [x],
      outputs: [grouped],
      attrs: { shape: [0, num_groups, -1] },
    },
    { ...step, op: "InstanceNormalization", inputs: [grouped, scale, shift], outputs: [normal], attrs: { epsilon } },
    { ...step, op: "Reshape", name: `${step.name}.shape`, inputs: [normal], attrs: { shape: [0, ...rest] } },
  ];
};

const resize: Special = (step, { opset, type, fresh }) => {
  const { shape } = type(step.inputs[0]);
  const form = canonicalResize(step, shape, opset);
  if (form && step.attrs.antialias) return antialiased({ ...step, ...form }, shape, fresh);
  return [form ? { ...step, ...form } : { ...step, op: IDENTITY, attrs: {}, follows: undefined }];
};

/** Where initial_h and initial_c stand. */
const STARTS: readonly number[] = [5, 6];
/** A layer begins at zero where it is not told where. */
const recurrent: Special = (step, { zero }) => {
  const inputs = step.inputs.map((x, at) => (STARTS.includes(at) && x && zero(x) ? "" : x));
  while (inputs.at(-1) === "") inputs.pop();
  return [{ ...step, inputs }];
};

const gridSample: Special = (step, { opset }) => {
  const today = Object.entries(gridModesBefore).find(([, before]) => before === (step.attrs.mode ?? "bilinear"));
  return opset < GRID_MODES && today ? withAttrs(step, { mode: today[0] }) : [step];
};

const table: Readonly<Record<string, Special>> = {
  ...Object.fromEntries(Object.keys(overNothing).map((op) => [op, reduce])),
  /** The training form reads as the inference form: `train/` writes out batch statistics itself. */
  BatchNormalization: evaluated,
  /** How 8-bit floats are rounded is left out: Espalier holds none. */
  Cast: (step) =>
    withAttrs(step, {
      to: dtypeOf(step.attrs.to as number | undefined, `${step.name}.to`),
      saturate: undefined,
      round_mode: undefined,
    }),
  Constant: constant,
  ConstantOfShape: (step) => withAttrs(step, { value: step.attrs.value ?? zero }),
  Dropout: evaluated,
  GRU: recurrent,
  Gather: (step, context) => [viewOfFlat(step, context)],
  GridSample: gridSample,
  GroupNormalization: groupNorm,
  LSTM: recurrent,
  LogSoftmax: softmax,
  Pad: pad,
  /** Without a 0 in the shape, allowzero says nothing; with it off, any-size.ts may use 0 for an axis that stays. */
  Reshape: (step) =>
    (step.attrs.shape as readonly number[] | undefined)?.includes(0) ? [step] : withAttrs(step, { allowzero: 0 }),
  Resize: resize,
  RNN: recurrent,
  Softmax: softmax,
  Split: split,
  Squeeze: squeeze,
};

/**
 * The canonical form of a node of the table whose parameters are attributes.
 * @throws EspalierError naming the node
 */
export function specialForm(step: Step, context: Context): readonly Step[] {
  try {
    return table[step.op]?.(step, context) ?? [step];
  } catch (e) {
    if (e instanceof EspalierError && !("node" in e.details))
      throw new EspalierError(e.code, `${step.op}: ${e.what}`, { node: step.name, ...e.details }, e.fix);
    throw e;
  }
}
