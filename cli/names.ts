/** Names as people type them (kebab-case) and as the library spells them (camelCase); the nearest one to a wrong one. */
import { closest } from "fastest-levenshtein";

/** "groupLasso" → "group-lasso" */
export const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

/** "group-lasso" → "groupLasso" */
export const camel = (name: string): string => name.replaceAll(/-([a-z0-9])/g, (_, c: string) => c.toUpperCase());

/** The valid name that takes the fewest edits. */
export const nearest = (name: string, valid: Iterable<string>): string => closest(name, [...valid]);
