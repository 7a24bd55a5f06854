/** Changes to data of objects, lists and leaves: parsed JSON, or a decoded protobuf message. */
import type { Random } from "../../src/math/random.ts";
import { mutatedBytes } from "./bytes.ts";
import { chance, HOSTILE_NUMBERS, HOSTILE_TEXTS, pick } from "./pick.ts";

/** A place in a tree: what holds it, its key there, and the name that it goes by: of an item, its list's. */
interface Place {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string;
  readonly name: string;
}

/** All places, with those of what lies in them. Byte strings are leaves. */
function placesOf(tree: unknown, name = "", into: Place[] = []): Place[] {
  if (typeof tree !== "object" || tree === null || ArrayBuffer.isView(tree)) return into;
  for (const key of Object.keys(tree)) {
    const own = Array.isArray(tree) ? `${name}[]` : key;
    into.push({ holder: tree as Record<string, unknown>, key, name: own });
    placesOf((tree as Record<string, unknown>)[key], own, into);
  }
  return into;
}

const valueAt = ({ holder, key }: Place): unknown => (holder as Record<string, unknown>)[key];
const put = ({ holder, key }: Place, value: unknown): void => {
  // not by assignment: "__proto__" is a key like others
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
};

const wrapped = (x: bigint): bigint => BigInt.asIntN(64, x);
const bigOf = (x: number): bigint => (Number.isFinite(x) ? wrapped(BigInt(Math.trunc(x))) : -(2n ** 63n));

/** Where a whole number stood, one of 32 bits: the field may take no other. */
function otherNumber(random: Random, old: number): number {
  const x = chance(random, 0.5) ? old + random.int(5) - 2 : pick(random, HOSTILE_NUMBERS);
  return Number.isInteger(old) ? x | 0 : x;
}

/** Another leaf of the same kind. */
function otherLeaf(random: Random, old: unknown, texts: readonly string[]): unknown {
  if (typeof old === "number") return otherNumber(random, old);
  if (typeof old === "bigint")
    return chance(random, 0.6) ? wrapped(old + BigInt(random.int(5) - 2)) : bigOf(pick(random, HOSTILE_NUMBERS));
  if (typeof old === "string")
    return chance(random, 0.6) && texts.length > 0 ? pick(random, texts) : pick(random, HOSTILE_TEXTS);
  if (typeof old === "boolean") return !old;
  if (old instanceof Uint8Array) return mutatedBytes(random, old);
  return pick<unknown>(random, [...HOSTILE_NUMBERS, ...HOSTILE_TEXTS]);
}

/** A leaf as the protobuf field of this name takes it: without a sign, in single precision, in 32 bits, as Unicode. */
function fitting(name: string, leaf: unknown): unknown {
  if (typeof leaf === "bigint") return name.startsWith("uint64") ? BigInt.asUintN(64, leaf) : leaf;
  if (typeof leaf === "string") return leaf.replaceAll(/\p{Surrogate}/gu, "\ufffd");
  if (typeof leaf !== "number" || name.startsWith("double_data")) return leaf;
  return /^f(?:loats|loat_data)?(?:\[\])?$/.test(name) ? Math.fround(leaf) : leaf | 0;
}

/** @param typed leaves keep their type, as those of a protobuf message must */
function change(random: Random, places: readonly Place[], texts: readonly string[], typed: boolean): void {
  const place = pick(random, places);
  const { holder, key, name } = place;
  const value = valueAt(place);
  const isLeaf = typeof value !== "object" || value === null || value instanceof Uint8Array;
  const what = random.int(10);
  if (what === 0 && Array.isArray(holder)) holder.splice(Number(key), 1);
  else if (what === 0) delete (holder as Record<string, unknown>)[key];
  else if (what <= 2 && Array.isArray(holder)) holder.splice(random.int(holder.length + 1), 0, structuredClone(value));
  else if (what <= 4) {
    const alike = places.filter((p) => (typed ? p.name === name : p.key === key || Array.isArray(p.holder)));
    const other = valueAt(pick(random, alike));
    const sameKind = typeof other === typeof value && Array.isArray(other) === Array.isArray(value);
    if (sameKind || !typed) put(place, structuredClone(other));
  } else if (isLeaf) {
    const leaf = otherLeaf(random, value, texts);
    put(place, typed ? fitting(name, leaf) : leaf);
  } else if (!typed) put(place, otherLeaf(random, undefined, texts));
}

/** Every text in a tree: names that refer to each other are among them. */
const textsOf = (places: readonly Place[]): string[] =>
  places.flatMap((p) => {
    const value = valueAt(p);
    return typeof value === "string" ? [value] : [];
  });

/**
 * A copy of a tree with one to four changes: leaves become others or hostile ones, parts go, come twice, take each other's place.
 * @param words texts beside those of the tree, to put somewhere
 */
export function mutatedTree<T>(
  random: Random,
  tree: T,
  options: { typed?: boolean; words?: readonly string[] } = {},
): T {
  const { typed = false, words = [] } = options;
  const root = { tree: structuredClone(tree) };
  for (let n = 1 + random.int(4); n > 0; n--) {
    const places = placesOf(root.tree);
    if (places.length === 0) return root.tree;
    change(random, places, [...textsOf(places), ...words], typed);
  }
  return root.tree;
}
