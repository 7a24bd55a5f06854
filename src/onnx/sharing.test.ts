import { expect, test } from "vitest";
import { sharedModel } from "../../test/support/shared-models.ts";
import { read } from "./read.ts";
import { sharingNotes, sharingOf } from "./sharing.ts";

test("what reading found is told, shortly", () => {
  const notes = (name: string) => sharingNotes(sharingOf(read(sharedModel(name))));
  expect(notes("tied-head-dynamo")).toEqual([
    "stored twice, trained as one: head.weight (also stored as val_19)",
    "equal numbers that the file stores once, trained apart: layer.n1.weight (layer.n2.weight, ln.weight), layer.n1.bias (layer.n2.bias, ln.bias)",
  ]);
  expect(notes("zero-biases-torchscript")).toEqual([
    "equal numbers that the file stores once, trained apart: a.bias (c.bias, b.bias)",
  ]);
  expect(notes("siamese-dynamo")).toEqual([]);
});
