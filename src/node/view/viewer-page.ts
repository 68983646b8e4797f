import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { EdgewiseError } from '../../base/errors.js';

/** The built viewer. The root is three levels up from this module, both as a source and built. */
const PAGE = fileURLToPath(new URL('../../../dist/viewer/index.html', import.meta.url));

/** Where the page looks for its circuits. */
const OPENING = '<script id="edgewise-files" type="application/json">';
const PLACE = `${OPENING}</script>`;

/** Texts of a circuit and of what lies beside it. */
export interface EmbeddedFile {
  readonly name: string;
  readonly text: string;
  readonly trace: string | null;
  readonly details: string | null;
}

/**
 * The viewer as one HTML file, without circuits.
 *
 * @throws EdgewiseError of kind 'usage' where it was not built.
 */
export async function viewerPage(): Promise<string> {
  try {
    return await readFile(PAGE, 'utf8');
  } catch (cause) {
    throw new EdgewiseError('usage', PAGE, "the viewer is not built; run 'npm run build'", { cause });
  }
}

/**
 * The page with something in it that its script reads as JSON: files, or the address of a list of files. Whatever the
 * texts hold, they stay data: no character of theirs can end the element or begin another one.
 */
export function embedFiles(page: string, content: readonly EmbeddedFile[] | string): string {
  const [before, after, ...more] = page.split(PLACE);
  if (after === undefined || more.length > 0) throw new Error(`the viewer's page needs ${PLACE} just once`);
  const json = JSON.stringify(content).replace(
    /[<\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${before}${OPENING}${json}</script>${after}`;
}
