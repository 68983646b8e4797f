import { describe, expect, test } from 'vitest';
import { distinctNames } from '../../../../src/files/own/sidecars.js';
import { type DroppedFile, readDropped } from '../../../../viewer/data/dropped-files.js';

/** A file whose text is its path. */
function file(path: string, changes: Partial<DroppedFile> = {}): DroppedFile {
  const name = path.split('/').at(-1)!;
  return { name, webkitRelativePath: name === path ? '' : path, size: 10, text: async () => path, ...changes };
}

/** The sources without their null fields. */
async function dropped(...paths: string[]): Promise<object[]> {
  const sources = await readDropped(paths.map((path) => file(path)));
  return sources.map((source) => Object.fromEntries(Object.entries(source).filter(([, value]) => value !== null)));
}

describe('files that are dropped together', () => {
  test('a result', async () => {
    expect(await dropped('trace.jsonl', 'circuit.gexf', 'details.json', 'circuit.json')).toEqual([
      { name: 'circuit.json', text: 'circuit.json', trace: 'trace.jsonl', details: 'details.json' },
    ]);
  });

  test('several circuits, each with its own', async () => {
    expect(await dropped('b.trace.jsonl', 'a.json', 'b.json', 'a.details.json', 'c.gexf', 'b.gexf')).toEqual([
      { name: 'a.json', text: 'a.json', details: 'a.details.json' },
      { name: 'b.json', text: 'b.json', trace: 'b.trace.jsonl' },
      { name: 'c.gexf', text: 'c.gexf' },
    ]);
  });

  test('a folder of results', async () => {
    expect(await dropped('runs/x/circuit.json', 'runs/y/circuit.json', 'runs/y/trace.jsonl')).toEqual([
      { name: 'x/circuit.json', text: 'runs/x/circuit.json' },
      { name: 'y/circuit.json', text: 'runs/y/circuit.json', trace: 'runs/y/trace.jsonl' },
    ]);
  });

  test('one circuit of another name gets what comes with it', async () => {
    expect(await dropped('mine.json', 'trace.jsonl')).toEqual([
      { name: 'mine.json', text: 'mine.json', trace: 'trace.jsonl' },
    ]);
  });

  test('equal names are told apart', async () => {
    expect(await dropped('circuit.json', 'circuit.json')).toMatchObject([
      { name: 'circuit.json' },
      { name: 'circuit.json (2)' },
    ]);
    expect(distinctNames(['a', 'a (2)', 'a', 'a'])).toEqual(['a', 'a (2)', 'a (3)', 'a (4)']);
  });

  test('what has no circuit, is too large or cannot be read is named', async () => {
    await expect(readDropped([file('trace.jsonl')])).rejects.toThrow(/^trace\.jsonl: is a trace without a circuit/);
    await expect(dropped('a.json', 'b.json', 'details.json')).rejects.toThrow(/^details\.json: is details without/);
    await expect(readDropped([file('a.json', { size: 2 ** 29 })])).rejects.toThrow(/^a\.json: 536870912 bytes/);
    const folder = file('a.json', { text: () => Promise.reject(new Error('no')) });
    await expect(readDropped([folder])).rejects.toThrow(/^a\.json: cannot be read/);
  });
});
