import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Topology } from '../../../src/circuit/topology.js';
import { FIRST_CHECK, headerText, rowText } from '../../../src/cli/folder/journal-rows.js';
import { openJournal } from '../../../src/cli/folder/open-journal.js';
import { parseStrictJson } from '../../../src/base/json/strict-json.js';
import { askedStability } from '../../../src/cli/folder/stability-file.js';
import { readPromptScores, writePromptScores } from '../../../src/run/prompt-scores-file.js';
import { readResamples } from '../../../src/stability/draws.js';
import { askedThresholds } from '../../../src/cli/folder/thresholds-file.js';
import type { FuzzedReader } from '../reader.js';
import { textOf, textSeed } from './files.js';

const KEY = { method: 'acdc', threshold: 0.5, task: { name: 'pairs', hash: 'a' }, seed: null };
const FORM = { topology: new Topology({ layers: 1, heads: 2, parallel: false }), prompts: 2 };
const TESTS = { 'a0.h0->logits': [0.25, 0.5], 'm0->logits': [0.125, 1e-9], 'input->logits': [3, 4] };

function journalText(): string {
  const lines = [headerText(KEY)];
  let check = FIRST_CHECK;
  for (const [name, without] of Object.entries(TESTS)) {
    const [line, next] = rowText({ edge: FORM.topology.edgeId(name)!, without }, FORM, check);
    lines.push(line);
    check = next;
  }
  return `${lines.join('\n')}\n`;
}

const THRESHOLDS = JSON.stringify({
  edgewise_thresholds: 1,
  run: KEY,
  asked: { thresholds: [0.1, 0.01], edges: null, start: null },
  searches: [{ threshold: 0.1, edges: 3, metric: 0.5, faithfulness: 0.9, min_margin: null, tested: 9, written: true }],
});

const SCORES = { prompts: 2, edges: 3, values: Float32Array.of(1, -2, 0.5, 4, 5, 6) };

/** Files that the program leaves for itself. */
export const storeReaders = (): FuzzedReader[] => [
  {
    name: 'journal',
    seeds: () => [textSeed('search.jsonl', 'json-lines', journalText())],
    async read({ name, bytes }) {
      const folder = mkdtempSync(join(tmpdir(), 'edgewise-fuzz-'));
      try {
        const path = join(folder, name);
        writeFileSync(path, bytes);
        const journal = await openJournal(path, { ...FORM, key: KEY, resume: true });
        journal.close();
        const { earlier } = journal;
        if (earlier.length > 0 && !readFileSync(path, 'utf8').startsWith('{"edgewise_search"')) throw new Error('lost');
        return earlier;
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  },
  {
    name: 'thresholds',
    neverFails: true,
    seeds: () => [textSeed('thresholds.json', 'json', THRESHOLDS)],
    read: (seed) => Object.keys(askedThresholds(textOf(seed)) ?? {}),
  },
  {
    name: 'stability',
    neverFails: true,
    seeds: () => [textSeed('stability.json', 'json', JSON.stringify({ edgewise_stability: 1, run: KEY, card: ['x'] }))],
    read: (seed) => Object.keys(askedStability(textOf(seed)) ?? {}),
  },
  {
    name: 'scores per prompt',
    seeds: () => [
      { name: 'scores-per-prompt.safetensors', kind: 'safetensors', bytes: writePromptScores(SCORES, KEY) },
    ],
    read: async ({ name, bytes }) => (await readPromptScores(bytes, name)).scores,
  },
  {
    name: 'resamples',
    seeds: () => [textSeed('resamples.json', 'json', '[[0,1,1],[2,2,0]]')],
    read: (seed) => readResamples(parseStrictJson(textOf(seed), seed.name, 'usage'), seed.name, 3),
  },
];
