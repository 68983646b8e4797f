// Fails where a comment is wider than the formatter's 120 columns, which the formatter leaves as it is.
//   node scripts/lint-comments.mjs
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const COLUMNS = 120;
const FOLDERS = ['src', 'kernels', 'viewer', 'test', 'bench', 'scripts', 'models'];
const COMMENTED = /\.(?:ts|tsx|mjs|wgsl|css|py)$/;
/** Written by programs. */
const GENERATED = /\.gen\.ts$/;
/** A line of a comment, or code with a comment behind it. The space after `//` tells it from an address. */
const COMMENT = /^\s*(?:\/\/|\/\*|\*|#)|\s\/\/\s/;

/**
 * Lines of a text that are wider than COLUMNS and hold a comment, counted from 1.
 *
 * @param {string} text
 * @returns {number[]}
 */
export function wideComments(text) {
  return text.split('\n').flatMap((line, i) => (line.length > COLUMNS && COMMENT.test(line) ? [i + 1] : []));
}

/**
 * Places of all wide comments below a folder, as `path:line`.
 *
 * @param {string} root
 * @returns {string[]}
 */
export function placesOfWideComments(root) {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
      .filter((path) => COMMENTED.test(path) && !GENERATED.test(path) && !path.includes('/node_modules/'))
      .flatMap((path) => wideComments(readFileSync(join(root, path), 'utf8')).map((line) => `${path}:${line}`)),
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const places = placesOfWideComments(fileURLToPath(new URL('..', import.meta.url)));
  for (const place of places) console.error(`${place}: a comment of more than ${COLUMNS} columns`);
  process.exitCode = places.length === 0 ? 0 : 1;
}
