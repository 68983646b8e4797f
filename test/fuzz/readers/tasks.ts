import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryDirectory } from '../../../src/checkpoint/byte-source.js';
import { taskReader, type TaskReader } from '../../../src/run/task-reader.js';
import { builtinTaskFile } from '../../../src/task/builtin/index.js';
import { formatJsonl } from '../../../src/task/formats/jsonl.js';
import { readTaskRows } from '../../../src/task/load-task.js';
import type { TaskRow } from '../../../src/task/row.js';
import type { FuzzedReader, Seed } from '../reader.js';
import { filesAt, textSeed } from './files.js';

const SPEC = { family: 'gpt2', bosTokenId: 0, vocab: 100_000, maxPositions: 64 };
const TEXTS = [
  'Hello world',
  ' the cat\u00a0sat 12345',
  'na\u00efve \ud83d\ude00 caf\u00e9\n\n',
  'a'.repeat(200),
  '\u0301\0',
];

/** The rows, and what each becomes without a tokenizer and with one. */
async function readRows({ name, bytes }: Seed, readers: readonly TaskReader[]): Promise<readonly TaskRow[]> {
  const file = { name: 'task', source: name, bytes: new Uint8Array(bytes) };
  const rows = await readTaskRows(file, { tokenizer: null });
  for (const reader of readers) await reader.check(file, { prompts: Math.min(rows.length, 20) });
  return rows.map(({ row }) => row);
}

/** A task in few prompts: a template draws its prompts from the same lists however many. */
function smallTemplate(name: string): Seed {
  const template = JSON.parse(new TextDecoder().decode(builtinTaskFile(name).bytes)) as object;
  return textSeed(`${name}.json`, 'json', JSON.stringify({ ...template, count: 20 }));
}

function besideSeeds(files: Readonly<Record<string, Seed>>): Seed[] {
  return Object.entries(files).map(([name, seed]) => ({
    ...seed,
    name: `folder/${name}`,
    beside: new Map(Object.entries(files).flatMap(([other, { bytes }]) => (other === name ? [] : [[other, bytes]]))),
  }));
}

async function readTokenizer({ name, bytes, beside }: Seed): Promise<unknown> {
  const files = new Map([...(beside ?? []), [name.slice('folder/'.length), bytes]]);
  const { tokenizer, refused, tokenText } = await taskReader(memoryDirectory('folder', files), SPEC, 'auto');
  if (refused) throw refused;
  const ids = TEXTS.map((text) => (tokenizer as { encodeBare?(text: string): unknown } | null)?.encodeBare?.(text));
  return { ids, notes: tokenizer?.notes, begins: tokenizer?.beginning.ids, shown: tokenText?.(1) };
}

export function taskReaders(root: string): FuzzedReader[] {
  const tokenizer = new Uint8Array(readFileSync(join(root, 'test/golden/tokenizers/gpt2.json')));
  const other = 'test/golden/task-files/other-programs';
  let made: Promise<TaskReader[]> | undefined;
  const readers = (): Promise<TaskReader[]> => {
    const shipped = new Uint8Array(readFileSync(join(root, 'models/tasks-4l/tokenizer.json')));
    const folders = [new Map<string, Uint8Array>(), new Map([['tokenizer.json', shipped]])];
    return (made ??= Promise.all(folders.map((files) => taskReader(memoryDirectory('folder', files), SPEC, 'no'))));
  };
  const rows = (name: string, seeds: () => readonly Seed[]): FuzzedReader => ({
    name,
    seeds,
    read: async (seed) => readRows(seed, await readers()),
  });
  return [
    {
      ...rows('task-json-lines', () => [
        ...filesAt(root, 'test/golden/task-files/row-field-typo', /right\.jsonl$/, 'json-lines'),
        ...filesAt(root, 'test/golden/task-files/answer-spaces', /\.jsonl$/, 'json-lines'),
        ...filesAt(root, 'test/golden/task-files/task-in-other-formats', /\.jsonl$/, 'json-lines'),
        ...filesAt(root, 'test/golden/share4l', /^ioi\.jsonl$/, 'json-lines'),
      ]),
      // A row without a field is none of the file's own any more.
      write: (read) =>
        (read as TaskRow[]).every((row) => Object.keys(row).length > 0) ? formatJsonl(read as TaskRow[]) : null,
    },
    rows('task-json', () => [
      ...filesAt(root, 'test/golden/task-files/task-in-other-formats', /\.json$/, 'json'),
      ...filesAt(root, other, /\.json$/, 'json'),
    ]),
    rows('task-table', () => [
      ...filesAt(root, 'test/golden/task-files/task-in-other-formats', /\.csv$/, 'text'),
      ...filesAt(root, other, /\.(csv|tsv)$/, 'text'),
    ]),
    rows('task-parquet', () => filesAt(root, other, /\.parquet$/, 'binary')),
    rows('task-template', () => ['ioi', 'greater-than', 'agreement', 'docstring'].map(smallTemplate)),
    {
      name: 'tokenizer',
      seeds: () =>
        filesAt(root, 'test/golden/tokenizers', /\.json$/, 'json').flatMap((seed) => [
          { ...seed, name: 'folder/tokenizer.json' },
        ]),
      read: readTokenizer,
    },
    {
      name: 'tokenizer-side-files',
      seeds: () =>
        besideSeeds({
          'tokenizer.json': { name: '', kind: 'json', bytes: tokenizer },
          'tokenizer_config.json': textSeed(
            '',
            'json',
            '{"bos_token":{"content":"<|endoftext|>","special":true},"add_bos_token":true,"add_prefix_space":false,"added_tokens_decoder":{"0":{"content":"x","special":true}},"additional_special_tokens":["a"]}',
          ),
          'special_tokens_map.json': textSeed('', 'json', '{"bos_token":"<|endoftext|>","pad_token":{"content":"p"}}'),
        }),
      read: readTokenizer,
    },
    {
      name: 'vocab-and-merges',
      seeds() {
        const { model } = JSON.parse(new TextDecoder().decode(tokenizer)) as {
          model: { vocab: object; merges: readonly (string | readonly string[])[] };
        };
        const merges = model.merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' ')));
        return besideSeeds({
          'vocab.json': textSeed('', 'json', JSON.stringify(model.vocab)),
          'merges.txt': textSeed('', 'text', `#version: 0.2\n${merges.join('\n')}\n`),
          'added_tokens.json': textSeed('', 'json', '{"<extra>": 5000}'),
        });
      },
      read: readTokenizer,
    },
  ];
}
