/** The file that lets an interrupted search go on: which files are journals, and when one stays. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EdgewiseError } from '../../../src/base/errors.js';
import { Topology } from '../../../src/circuit/topology.js';
import { withJournals } from '../../../src/cli/folder/run-journals.js';
import { openJournal, type SearchJournal } from '../../../src/cli/folder/open-journal.js';
import { assertNoJournal, assertResumes, journalsIn, removeJournals } from '../../../src/cli/folder/search-journal.js';

const topology = new Topology({ layers: 1, heads: 2, parallel: false });
const KEY = { method: 'acdc', threshold: 0.5, task: { name: 'pairs', hash: 'a' }, seed: null };
const HEADER = `${JSON.stringify({ edgewise_search: 2, ...KEY })}\n`;
const TESTS = [
  { edge: 0, without: [0.25, 1e-9] },
  { edge: 3, without: [Number.NaN, -Infinity] },
];
let folder: string;
const path = (name = 'search.jsonl'): string => join(folder, name);
const open = (resume: boolean, name?: string): Promise<SearchJournal> =>
  openJournal(path(name), { key: KEY, topology, prompts: 2, resume });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgewise-journal-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Others' files with the names of journals. */
const FOREIGN: Readonly<Record<string, string>> = {
  'search.jsonl': '{"clean_ids":[1]}\n',
  'search-a.jsonl': '{"edgewise_searches":1}\n',
  'search-b.jsonl': ` ${HEADER}`,
  'search-c.jsonl': '{"edgewise"x',
};

async function writeForeign(): Promise<void> {
  for (const [name, text] of Object.entries(FOREIGN)) await writeFile(path(name), text);
  await mkdir(path('search-folder.jsonl'));
}

async function expectForeignUntouched(): Promise<void> {
  for (const [name, text] of Object.entries(FOREIGN)) expect(await readFile(path(name), 'utf8')).toBe(text);
}

describe('journals are told by how they begin', () => {
  test('not by their name alone; also where the first line was cut short', async () => {
    await writeForeign();
    await writeFile(path('search-d.jsonl'), HEADER);
    await writeFile(path('search-e.jsonl'), HEADER.slice(0, 9));
    await writeFile(path('search-f.jsonl'), '');
    await writeFile(path('other.jsonl'), HEADER);
    expect((await journalsIn(folder)).toSorted()).toEqual(['search-d.jsonl', 'search-e.jsonl', 'search-f.jsonl']);
    expect(await journalsIn(path('nowhere'))).toEqual([]);
    await removeJournals(folder);
    await expectForeignUntouched();
    expect((await readdir(folder)).toSorted()).toEqual(
      [...Object.keys(FOREIGN), 'other.jsonl', 'search-folder.jsonl'].toSorted(),
    );
  });

  test('others are neither an interrupted run nor written over', async () => {
    await writeForeign();
    await assertNoJournal(folder, { resume: false, force: false });
    await assertResumes(folder, KEY);
    for (const name of [...Object.keys(FOREIGN), 'search-folder.jsonl']) {
      for (const resume of [false, true]) {
        await expect(open(resume, name)).rejects.toThrow(
          `${path(name)}: is there already and is no journal of a search; results need another folder`,
        );
      }
    }
    await expectForeignUntouched();
  });
});

test('a journal stays once it holds a test, and is gone on with', async () => {
  const first = await open(false);
  for (const one of TESTS) first.record(one);
  first.close();
  const text = await readFile(path(), 'utf8');
  expect(text.startsWith(HEADER)).toBe(true);
  // A line that was cut short, and a run that adds nothing.
  await writeFile(path(), `${text}["input->`);
  const second = await open(true);
  expect(second.earlier).toEqual(TESTS);
  second.close();
  expect(await readFile(path(), 'utf8')).toBe(text);
});

test('one without a test does not stay, whatever there was of it before', async () => {
  for (const before of [undefined, '', HEADER.slice(0, 20), HEADER, `${HEADER}["input->`]) {
    if (before !== undefined) await writeFile(path(), before);
    const journal = await open(true);
    expect(journal.earlier).toEqual([]);
    expect(await readFile(path(), 'utf8')).toBe(HEADER);
    journal.close();
    expect(await readdir(folder), before).toEqual([]);
  }
});

describe('what a run would not go on with', () => {
  const refused = async (run: object, message: string): Promise<void> => {
    await writeFile(path(), HEADER);
    await expect(assertResumes(folder, { ...run })).rejects.toThrow(message);
    expect(await readFile(path(), 'utf8')).toBe(HEADER);
  };

  test('differs in what the run is of', async () => {
    await refused({ method: 'exact' }, `${path()}: is of a search that differs in method ("acdc" there, "exact" here)`);
    await refused({ task: { name: 'pairs', hash: 'b' } }, 'differs in task ({"name":"pairs","hash":"a"} there');
    await writeFile(path(), '{"edgewise_search":2,\n');
    await expect(assertResumes(folder, {})).rejects.toThrow('line 1: not valid JSON');
  });

  test('is not what it shares all with, nor what holds no line yet', async () => {
    const { threshold: _, ...run } = KEY;
    await writeFile(path(), HEADER);
    await assertResumes(folder, run);
    await writeFile(path(), HEADER.trimEnd());
    await assertResumes(folder, { method: 'exact' });
  });
});

describe('a run that fails', () => {
  const told = async (made: number, error: Error): Promise<string> => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const quiet = vi.fn<() => void>();
    try {
      const failing = withJournals(
        { folder, topology, prompts: 2, resume: false, keepBefore: false, quiet },
        async (openOne) => {
          const journal = await openOne({ name: undefined, key: KEY });
          for (const one of TESTS.slice(0, made)) journal.record(one);
          journal.close();
          throw error;
        },
      );
      await expect(failing).rejects.toBe(error);
      expect(quiet).toHaveBeenCalled();
      return write.mock.calls.map(([text]) => String(text)).join('');
    } finally {
      write.mockRestore();
    }
  };
  const lost = new EdgewiseError('device', 'device', 'was lost');

  test('tells how to go on where something was measured', async () => {
    expect(await told(2, lost)).toBe('stopped after 2 tests: the same command with --resume goes on from there\n');
    expect(await journalsIn(folder)).toEqual(['search.jsonl']);
  });

  test('says nothing and leaves nothing where nothing was', async () => {
    expect(await told(0, lost)).toBe('');
    expect(await readdir(folder)).toEqual([]);
  });

  test('says nothing of a mistake, which would only be made again', async () => {
    expect(await told(2, new EdgewiseError('usage', 'journal', 'is of another search'))).toBe('');
  });
});
