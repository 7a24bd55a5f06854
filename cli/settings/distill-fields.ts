/** Distillation as the commands that train are told it. */
import { type DistillOptions, type Model, UsageError } from "espalier";
import { numberField, text, toggle, type ValuesOf } from "./field.ts";

/** The teacher that is the model as it was given. */
export const ORIGINAL = "original";

export const distillFields = {
  distill: text(
    `compare with what a trained model says of the same samples, beside the labels: a file, or ${ORIGINAL} for the model as it was given`,
    `file.onnx|${ORIGINAL}`,
  ),
  distillTemperature: numberField("what logits are divided by where teacher and model are compared (default 4)", {
    above: 0,
  }),
  distillShare: numberField("share of the teacher in the loss (default 0.9); the labels have the rest", {
    above: 0,
    max: 1,
  }),
  distillOutput: text(
    "the teacher's output to compare with (default: the one of the same name, else its first)",
    "name",
  ),
  distillCache: toggle("let the teacher answer once for all training samples, not in every step; without augmentation"),
} as const;

type DistillSettings = ValuesOf<typeof distillFields>;

/** The teacher's file, if it has one of its own. */
export const teacherFile = ({ distill }: Pick<DistillSettings, "distill">): string | undefined =>
  distill === ORIGINAL ? undefined : distill;

/** @throws UsageError for settings of distillation where there is none */
export function checkDistilling({ distill, ...more }: DistillSettings): void {
  if (distill !== undefined) return;
  const { distillTemperature, distillShare, distillOutput, distillCache } = more;
  const idle = Object.entries({
    "--distill-temperature": distillTemperature,
    "--distill-share": distillShare,
    "--distill-output": distillOutput,
    "--distill-cache": distillCache,
  }).find(([, value]) => value !== undefined);
  if (!idle) return;
  throw new UsageError(
    "conflict",
    "a run without distillation has no teacher",
    { got: idle.join(" ") },
    `leave it out, or say --distill ${ORIGINAL}`,
  );
}

/** As the library takes it; undefined without a teacher. */
export const distillOptions = (s: DistillSettings, teacher: Model | undefined): DistillOptions | undefined =>
  teacher && {
    teacher,
    temperature: s.distillTemperature,
    share: s.distillShare,
    output: s.distillOutput,
    cache: s.distillCache,
  };
