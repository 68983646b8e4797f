import { formatOf, type FormatName } from '../../files/index.js';

/** Formats of files for a help text, one a line: name, what it is, whose it is, and what it holds. */
export function formatList(names: readonly FormatName[]): string {
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map((name) => {
    const { title, program, about } = formatOf(name);
    return `  ${name.padEnd(width)}  ${title} (${program}): ${about}`;
  });
  return lines.join('\n');
}
