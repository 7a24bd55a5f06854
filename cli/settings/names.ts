/** Names as people type them (kebab-case) and as the library spells them (camelCase). */

/** "groupLasso" → "group-lasso" */
export const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

/** "group-lasso" → "groupLasso" */
export const camel = (name: string): string => name.replaceAll(/-([a-z0-9])/g, (_, c: string) => c.toUpperCase());
