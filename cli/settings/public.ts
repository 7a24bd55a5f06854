/** "espalier/settings": configurations of the command line, for programs that write or check them. */

export { configurationSchema } from "./schema.ts";
export { configurationYaml, type TemplateOptions } from "./template.ts";
