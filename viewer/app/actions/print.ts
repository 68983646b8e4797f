import type { Store } from '../state/store.js';
import type { Picture } from '../../../src/pictures/svg-element.js';
import { imageOf, named, picture } from './save.js';

/** Class of what is printed. */
const PAPER = 'edgewise-paper';

/** The drawing as PDF. */
export function printPicture(store: Store): Promise<void> {
  return printAlone(picture(store), named(store, 'pdf'));
}

/**
 * Prints a picture on one page of its size: browsers save that as PDF. They keep its lines and its text, and have the
 * fonts of every script, which no small library has.
 *
 * @param name of the file.
 */
export async function printAlone(drawn: Picture, name: string): Promise<void> {
  const { width, height } = drawn;
  const image = await imageOf(drawn);
  image.className = PAPER;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    @page { size: ${width}px ${height}px; margin: 0 }
    .${PAPER} { display: none }
    @media print {
      body > :not(.${PAPER}) { display: none !important }
      html, body { margin: 0; height: auto; background: none }
      .${PAPER} { display: block; width: 100%; break-inside: avoid }
    }`);
  const title = document.title;
  const clear = (): void => {
    image.remove();
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
    document.title = title;
  };
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  document.body.append(image);
  // Browsers name the file by the title.
  document.title = name.replace(/\.pdf$/, '');
  window.addEventListener('afterprint', clear, { once: true });
  window.print();
}
