/**
 * Colours of tables and charts, for light and dark surroundings. The series colours are Okabe and Ito's (2008),
 * distinguishable with any kind of colour blindness; the dark ones are the same hues, lighter.
 */
const light = {
  ink: "#1f2328",
  muted: "#59636e",
  line: "#d1d9e0",
  surface: "#ffffff",
  page: "#f6f8fa",
  blue: "#0072b2",
  vermilion: "#d55e00",
  green: "#009e73",
  purple: "#b0578a",
  orange: "#e69f00",
  faint: "#d8e2ea",
};
type Name = keyof typeof light;

const dark: Readonly<Record<Name, string>> = {
  ink: "#e6edf3",
  muted: "#9da7b1",
  line: "#333b44",
  surface: "#151b23",
  page: "#0d1117",
  blue: "#56b4e9",
  vermilion: "#f08a4b",
  green: "#3fc49b",
  purple: "#e0a0c4",
  orange: "#f0b93a",
  faint: "#2a3642",
};

/** A colour that follows the reader's preference; falls back to the light one. */
export const colour = (name: Name): string => `var(--${name},${light[name]})`;

/** The series colours in the order of their use. */
export const SERIES: readonly string[] = (["blue", "vermilion", "green", "purple", "orange"] as const).map(colour);

const variables = (colours: Readonly<Record<Name, string>>): string =>
  Object.entries(colours)
    .map(([name, value]) => `--${name}:${value}`)
    .join(";");

/** Defines the variables for everything that `selector` matches. */
export const paletteCss = (selector: string): string =>
  `${selector}{${variables(light)}}@media(prefers-color-scheme:dark){${selector}{${variables(dark)}}}`;
