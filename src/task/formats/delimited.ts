import { oneLine } from '../../base/text.js';
import Papa from 'papaparse';

import { EdgewiseError } from '../../base/errors.js';
import { RowFault } from '../fault.js';
import { ROW_KINDS } from '../rows/index.js';
import type { FieldValues } from '../fields.js';
import type { TaskContent, TaskFormat, TaskRows } from './format.js';

const KNOWN: ReadonlySet<string> = new Set(ROW_KINDS.flatMap(({ fields }) => fields));

export const csv: TaskFormat = {
  name: 'CSV',
  about: 'a header and rows, with commas or semicolons; lists are written [1, 2]',
  recognisedBy: 'a first line with known names between commas or semicolons, or the ending .csv',
  recognises: ({ source, text }) => /\.csv$/i.test(source) || headerDelimiter(text(), [',', ';']) !== undefined,
  read: (content) => readDelimited(content, headerDelimiter(content.text(), [',', ';', '\t']) ?? ','),
};

export const tsv: TaskFormat = {
  name: 'TSV',
  about: 'the same with tabs',
  recognisedBy: 'a first line with known names between tabs, or the ending .tsv',
  recognises: ({ source, text }) => /\.tsv$/i.test(source) || headerDelimiter(text(), ['\t']) !== undefined,
  read: (content) => readDelimited(content, '\t'),
};

/** The delimiter that parts the first line into the most known names, at least two; undefined where none does. */
function headerDelimiter(text: string, delimiters: readonly string[]): string | undefined {
  const end = text.indexOf('\n');
  const header = end === -1 ? text : text.slice(0, end);
  let best: string | undefined;
  let most = 1;
  for (const delimiter of delimiters) {
    const names = header.split(delimiter).map((name) => name.trim().replace(/^"(.*)"$/, '$1'));
    const known = names.filter((name) => KNOWN.has(name)).length;
    if (known > most) [best, most] = [delimiter, known];
  }
  return best;
}

interface Line {
  readonly cells: readonly string[];
  /** First line of the row in the file, from 1. */
  readonly line: number;
  readonly complaint: string | undefined;
}

function readDelimited({ source, text }: TaskContent, delimiter: string): TaskRows {
  const lines = parseLines(text(), delimiter).filter(({ cells }) => cells.some((cell) => cell.trim() !== ''));
  const [header, ...rows] = lines;
  if (header === undefined) throw new EdgewiseError('task', source, 'is empty, expected a header and rows');
  const names = header.cells.map((name) => name.trim());
  const places = new Map(names.map((name, i) => [name, i]));
  const twice = names.find((name, i) => name !== '' && places.get(name) !== i);
  if (twice !== undefined) throw new EdgewiseError('task', source, `the header names ${oneLine(twice)} twice`);
  if (rows.length === 0) throw new EdgewiseError('task', source, 'has a header and no rows');
  return {
    length: rows.length,
    texts: true,
    where: (index) => `line ${rows[index]!.line}`,
    row: (index, where) => rowOf(rows[index]!, names, where),
  };
}

function parseLines(text: string, delimiter: string): Line[] {
  const lines: Line[] = [];
  let line = 1;
  let from = 0;
  Papa.parse(text, {
    delimiter,
    skipEmptyLines: false,
    step({ data, errors, meta }) {
      lines.push({ cells: data, line, complaint: errors[0]?.message });
      for (let at = text.indexOf('\n', from); at !== -1 && at < meta.cursor; at = text.indexOf('\n', at + 1)) line++;
      from = meta.cursor;
    },
  });
  return lines;
}

function rowOf({ cells, complaint }: Line, names: readonly string[], where: string): FieldValues {
  if (complaint !== undefined) throw new RowFault('format', where, `is not well-formed (${complaint})`);
  if (cells.length !== names.length) {
    const hint = cells.length > names.length ? '; a text with the delimiter in it needs quotes' : '';
    throw new RowFault('format', where, `has ${cells.length} values, the header names ${names.length}${hint}`);
  }
  return Object.fromEntries(names.map((name, i) => [name, cells[i] === '' ? undefined : cells[i]]));
}

/**
 * The row with its texts read as what their fields hold: numbers and lists. What does not read as such stays a text.
 */
export function typedCells(row: FieldValues): FieldValues {
  return Object.fromEntries(
    Object.entries(row).map(([field, cell]) => [field, typeof cell === 'string' ? typedCell(field, cell) : cell]),
  );
}

function typedCell(field: string, cell: string): unknown {
  const text = cell.trim();
  const list = /^[[(].*[\])]$/s.test(text);
  if (/_(ids|idx)$|^(position|answerKey)$/.test(field)) {
    // Data frames write whole numbers in a column with gaps as 89.0.
    const number = (part: string): unknown => (/^[+-]?\d+(\.0+)?$/.test(part) ? Number(part) : part);
    if (!list) return number(text);
    return text.slice(1, -1).split(/[\s,]+/).filter((part) => part !== '').map(number); // prettier-ignore
  }
  return list ? (listOfTexts(text) ?? cell) : cell;
}

/** A list in JSON or as Python prints it, `[' he', " it's"]`; undefined for any other text. */
function listOfTexts(text: string): string[] | undefined {
  const item = /\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*(?:,|$)/gy;
  const body = text.slice(1, -1);
  const items: string[] = [];
  let end = 0;
  for (let match = item.exec(body); match; match = item.exec(body)) {
    const raw = match[1] === undefined ? match[2]! : match[1].replace(/\\'/g, "'").replace(/(?<!\\)"/g, '\\"');
    try {
      items.push(JSON.parse(`"${raw}"`) as string);
    } catch {
      return undefined;
    }
    end = item.lastIndex;
    if (end === body.length) break;
  }
  return items.length > 0 && end === body.length ? items : undefined;
}
