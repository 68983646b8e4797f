import { formatOf, type FormatName } from '../../files/index.js';
import { helpList } from './help-list.js';

/** Formats of files for a help text: name, what it is, whose it is, and what it holds. */
export function formatList(names: readonly FormatName[]): string {
  return helpList(
    names.map((name) => {
      const { title, program, about } = formatOf(name);
      return [name, `${title} (${program}): ${about}`] as const;
    }),
  );
}
