/** A source of samples that a worker makes again: each is its number, again and again; a chosen one fails. */
import { EspalierError, named, say } from "espalier";

export default ({ fails, slow = 0 }) => ({
  dtype: "uint8",
  shape: [3, 9, 9],
  identity: "numbered",
  again: { module: import.meta.url, given: { fails, slow } },
  async read(rows) {
    await new Promise((resolve) => setTimeout(resolve, slow));
    if (rows.includes(fails))
      throw new EspalierError("invalid-file", "no image", { file: "a.png" }, say`leave it out: ${named("skipBroken")}`);
    const x = new Uint8Array(rows.length * 243);
    for (const [i, row] of rows.entries()) x.fill(row, i * 243, (i + 1) * 243);
    return x;
  },
});
