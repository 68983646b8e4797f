import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EdgewiseError } from '../../base/errors.js';
import { PACKAGE_ROOT } from '../package-root.js';

/** A built page. */
const built = (path: string): string => join(PACKAGE_ROOT, 'dist', 'viewer', path);

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
  return builtPage(built('index.html'));
}

/**
 * A report as one HTML file.
 *
 * @param report the text of report.json.
 * @throws EdgewiseError of kind 'usage' where the page was not built.
 */
export async function reportPage(report: string): Promise<string> {
  return embed(await builtPage(built('report/index.html')), 'edgewise-report', report);
}

async function builtPage(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new EdgewiseError('usage', path, "the viewer is not built; run 'npm run build'", { cause });
  }
}

/**
 * The page with something in it that its script reads as JSON: files, or the address of a list of files. Whatever the
 * texts hold, they stay data: no character of theirs can end the element or begin another one.
 */
export function embedFiles(page: string, content: readonly EmbeddedFile[] | string): string {
  return embed(page, 'edgewise-files', JSON.stringify(content));
}

/** @param id of the element that the page's script reads. */
function embed(page: string, id: string, json: string): string {
  const opening = `<script id="${id}" type="application/json">`;
  const [before, after, ...more] = page.split(`${opening}</script>`);
  if (after === undefined || more.length > 0) throw new Error(`the page needs ${opening}</script> just once`);
  const data = json.replace(
    /[<\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${before}${opening}${data}</script>${after}`;
}
