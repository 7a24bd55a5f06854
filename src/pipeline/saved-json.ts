/** What an earlier call left in a store as JSON, checked before anybody looks inside. */
import type { z } from "zod";
import { EspalierError } from "../error.ts";
import type { Store } from "../train/store.ts";

/**
 * @returns undefined when there is no such file
 * @throws EspalierError when it is there and cannot be used, with the field and the reason
 */
export async function savedJson<T>(store: Store, name: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const bytes = await store.read(name);
  if (!bytes) return undefined;
  const fail = (reason: string) =>
    new EspalierError(
      "invalid-file",
      `${name} cannot be used`,
      { in: store.location, reason },
      "start afresh with overwrite",
    );
  let found: unknown;
  try {
    found = JSON.parse(new TextDecoder().decode(bytes));
  } catch (e) {
    throw fail((e as Error).message);
  }
  const { success, data, error } = schema.safeParse(found);
  if (success) return data;
  const [{ path, message }] = error.issues;
  throw fail(path.length > 0 ? `${path.join(".")}: ${message}` : message);
}
