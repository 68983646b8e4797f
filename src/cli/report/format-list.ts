import { Help } from 'commander';
import { formatOf, type FormatName } from '../../files/index.js';

/** Columns of a help text. */
const COLUMNS = 80;

/** Formats of files for a help text: name, what it is, whose it is, and what it holds. */
export function formatList(names: readonly FormatName[]): string {
  const width = Math.max(...names.map((name) => name.length));
  const help = Object.assign(new Help(), { helpWidth: COLUMNS });
  const items = names.map((name) => {
    const { title, program, about } = formatOf(name);
    return help.formatItem(name, width, `${title} (${program}): ${about}`, help);
  });
  return items.join('\n');
}
