/** Many small images on one page, each with its name. */
import { html, type Markup } from "./markup.ts";
import { page } from "./page.ts";
import { pngAddress } from "./png.ts";

/** An image of a sheet. */
interface SheetImage {
  readonly name: string;
  /** `[channels, height, width]`, 1 or 3 channels of 8 bits. */
  readonly pixels: Uint8Array;
}

/** What is on a sheet. */
export interface Sheet {
  /** A sentence about the images. */
  readonly lead: string;
  readonly shape: readonly number[];
  readonly images: readonly SheetImage[];
}

/** An image is shown at least so wide, in pixels of the page. */
const LEAST = 96;

export const SHEET_STYLE = `
.sheet { display: grid; grid-template-columns: repeat(auto-fill, minmax(${LEAST}px, max-content)); gap: 12px; }
.sheet figure { margin: 0; }
.sheet img { display: block; image-rendering: pixelated; max-width: 100%; }
.sheet figcaption { overflow-wrap: anywhere; }
`;

/** One HTML file that loads nothing. */
export const sheetHtml = (title: string, sheet: Sheet): string =>
  page(title, sheet.lead, sheetOf(sheet), { style: SHEET_STYLE });

/** The images beside each other. */
export function sheetOf({ shape, images }: Sheet): Markup {
  const [, height, width] = shape;
  const scale = Math.max(1, Math.ceil(LEAST / width));
  const figures = images.map(
    ({ name, pixels }) =>
      html`<figure><img src="${pngAddress(pixels, shape)}" width="${width * scale}" height="${height * scale}" alt="${name}"><figcaption>${name}</figcaption></figure>`,
  );
  return html`<section class="sheet">${figures}</section>`;
}
