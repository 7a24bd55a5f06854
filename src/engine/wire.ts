/** Small messages of protobuf, written by hand: engines know nothing of graphs and of files. No content is longer than 127 bytes. */
export const wireBytes = (field: number, content: readonly number[]): number[] => [
  (field << 3) | 2,
  content.length,
  ...content,
];
export const wireText = (field: number, name: string): number[] =>
  wireBytes(
    field,
    [...name].map((c) => c.charCodeAt(0)),
  );
export const wireNumber = (field: number, n: number): number[] => [field << 3, n];
