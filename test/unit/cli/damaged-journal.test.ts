/** Journals that something has damaged: refused by the line, or gone on with to exactly the same circuit. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EdgewiseError } from '../../../src/base/errors.js';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import type { CircuitEvaluator } from '../../../src/circuit/evaluator.js';
import { Topology } from '../../../src/circuit/topology.js';
import { FIRST_CHECK, rowText } from '../../../src/cli/folder/journal-rows.js';
import { openJournal } from '../../../src/cli/folder/open-journal.js';
import { acdc, type AcdcResult } from '../../../src/discover/acdc.js';
import type { Measurement } from '../../../src/discover/journal.js';

const topology = new Topology({ layers: 2, heads: 2, parallel: false });
const prompts = 3;
const form = { topology, prompts };
const KEY = { method: 'acdc', threshold: 0.125, prompts: { count: prompts, skip: 0 }, task: { name: 'a', hash: 'b' } };

/** Every cut edge adds a cost of its own; one cut overflows. */
const evaluator: CircuitEvaluator = {
  most: 1,
  perPrompt: (circuits) =>
    Promise.resolve(
      circuits.map((circuit) => {
        let value = 0;
        for (let id = 0; id < topology.edgeCount; id++) if (!circuit.has(id)) value += ((id * 37) % 16) / 16 - 0.25;
        const last = circuit.has(topology.edgeId('a0.h1->m0')!) ? value / 3 : Number.POSITIVE_INFINITY;
        return [value, value / 7, last];
      }),
    ),
};

let folder: string;
let path: string;
let whole: AcdcResult;
/** The journal of the whole search. */
let journal: Buffer;
const cuts: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgewise-damaged-'));
  path = join(folder, 'search.jsonl');
  whole = await search(false);
  journal = await readFile(path);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function search(resume: boolean, keepBefore = false): Promise<AcdcResult> {
  const onCut = keepBefore ? (what: string): void => void cuts.push(what) : undefined;
  const open = await openJournal(path, { ...form, key: KEY, resume, onCut });
  try {
    const options = { threshold: 0.125, absolute: false, senderHeads: 'descending', directEdges: true } as const;
    return await acdc(evaluator, EdgeSet.full(topology), options, { journal: open });
  } finally {
    open.close();
  }
}

const outcome = (result: AcdcResult): object => ({
  ...result,
  evaluations: 0,
  rounds: 0,
  wrongGuesses: 0,
  kept: [...result.kept],
});

/** The outcome of a run that goes on with these bytes, or its refusal. */
async function resumed(bytes: Uint8Array, keepBefore = false): Promise<object | EdgewiseError> {
  await writeFile(path, bytes);
  try {
    return outcome(await search(true, keepBefore));
  } catch (error) {
    if (error instanceof EdgewiseError) return error;
    throw error;
  }
}

/** The message of a refusal; what is none gives a text that no message is. */
const refusal = (result: object): string => (result instanceof EdgewiseError ? result.message : 'not refused');

/** A change of the journal, as disks, editors and other processes make them. */
const damage: fc.Arbitrary<(bytes: Buffer) => Buffer> = fc.oneof(
  fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })).map(([at, by]) => (bytes: Buffer) => {
    const copy = Buffer.from(bytes);
    copy[at % copy.length]! ^= by;
    return copy;
  }),
  fc.tuple(fc.nat(), fc.nat(40)).map(([at, size]) => (bytes: Buffer) => {
    const from = at % bytes.length;
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + size)]);
  }),
  fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 40 })).map(([at, more]) => (bytes: Buffer) => {
    const from = at % bytes.length;
    return Buffer.concat([bytes.subarray(0, from), more, bytes.subarray(from)]);
  }),
  fc
    .tuple(fc.nat(), fc.constantFrom('1e999', '-1e999', 'NaN', '"NaN"', 'null', '[0]', '0', '{}', ''))
    .map(([which, number]) => (bytes: Buffer) => {
      const numbers = [...bytes.toString('latin1').matchAll(/-?\d+\.\d+(e[+-]\d+)?/g)];
      const { index, 0: old } = numbers[which % numbers.length]!;
      return Buffer.concat([bytes.subarray(0, index), Buffer.from(number), bytes.subarray(index + old.length)]);
    }),
  fc
    .tuple(fc.nat(), fc.nat(), fc.constantFrom('drop', 'swap', 'double'))
    .map(([one, other, how]) => (bytes: Buffer) => {
      const lines = bytes.toString('latin1').split('\n');
      const [a, b] = [one % (lines.length - 1), other % (lines.length - 1)];
      if (how === 'drop') lines.splice(a, 1);
      else if (how === 'double') lines.splice(b, 0, lines[a]!);
      else [lines[a], lines[b]] = [lines[b]!, lines[a]!];
      return Buffer.from(lines.join('\n'), 'latin1');
    }),
);

test('whatever happens to a journal, the run ends in the same circuit or is refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), fc.boolean(), async (changes, keepBefore) => {
      const bytes = changes.reduce((now, change) => (now.length === 0 ? now : change(now)), journal);
      const result = await resumed(bytes, keepBefore);
      if (result instanceof EdgewiseError) {
        expect(result.message).toContain(path);
        expect(result.message).not.toContain('\n');
      } else expect(result).toEqual(outcome(whole));
    }),
    { numRuns: 300 },
  );
});

test('cut short anywhere, also in the middle of a character, it is gone on with', async () => {
  for (let end = 0; end <= journal.length; end += 97) {
    // A file that does not even begin like a journal is none.
    for (const tail of end < 19 ? [Buffer.alloc(0)] : [Buffer.alloc(0), Buffer.alloc(7), Buffer.from([0xe2, 0x82])]) {
      expect(await resumed(Buffer.concat([journal.subarray(0, end), tail]))).toEqual(outcome(whole));
    }
  }
});

describe('a damaged line', () => {
  const at = 5;
  const lines = (): string[] => journal.toString().split('\n');
  const withLine = (line: string | Buffer): Buffer =>
    Buffer.concat([
      Buffer.from(`${lines().slice(0, at - 1).join('\n')}\n`),
      Buffer.from(line),
      Buffer.from(`\n${lines().slice(at).join('\n')}`),
    ]); // prettier-ignore
  const values = (): [string, ...unknown[]] => JSON.parse(lines()[at - 1]!) as [string, ...unknown[]];
  const row = (without: unknown[]): string => JSON.stringify([values()[0], ...without, values().at(-1)]);
  const form3 = "expected an edge's name and a number for each prompt, 3 of them, and a check";

  test.each<[string, () => string | Buffer, string]>([
    ['an object', () => '{"a":1}', form3],
    ['no name', () => '[1,2,3]', form3],
    ['another name', () => lines()[at - 1]!.replace(/"[^"]+"/, '"nobody->logits"'), form3],
    ['nested junk', () => `["a",${'['.repeat(150)}${']'.repeat(150)}]`, form3],
    ['a number too few', () => row([1, 2]), form3],
    ['a number too many', () => row([1, 2, 3, 4]), form3],
    ['a number that is none', () => lines()[at - 1]!.replace(/,[^,]+,/, ',1e999,'), form3],
    ['a number as text', () => row(['1', 2, 3]), form3],
    ['another number', () => row([1, 2, 3]), 'is damaged, or a line before it is missing: its check does not agree'],
    ['no JSON', () => '["a', 'not valid JSON'],
    ['nothing', () => '', 'not valid JSON'],
    ['zeros', () => Buffer.alloc(40), 'not valid JSON'],
    ['half a character', () => Buffer.from([0x5b, 0xc3, 0x5d]), 'not UTF-8 text'],
    ['100 MB', () => Buffer.alloc(1e8, 32), 'is longer than 340 bytes'],
  ])('%s is refused by its number, and what stands before it can be kept', async (_, line, message) => {
    const bytes = withLine(line());
    expect(refusal(await resumed(bytes))).toBe(
      `${path}: line ${at}: ${message}${message.startsWith('is longer') ? ', expected a shorter line' : ''}; ` +
        `--keep-before goes on from the 3 tests before it, without --resume --force starts anew`,
    );
    // The journal stays as it was.
    expect((await readFile(path)).equals(bytes)).toBe(true);
    cuts.length = 0;
    expect(await resumed(bytes, true)).toEqual(outcome(whole));
    expect(cuts).toEqual([expect.stringMatching(/: line 5: .*; cut off there, 3 tests kept$/)]);
    expect((await readFile(path)).equals(journal)).toBe(true);
  });

  test('in the first line leaves nothing to keep', async () => {
    const [header, ...rest] = lines();
    for (const [first, message] of [
      ['[]', 'line 1: expected an object that says which search this is'],
      [header!.replace(':2,', ':1,'), 'line 1: is not the journal of a search of this version'],
      [header!.replace('acdc', 'ac\u0007dc'), 'line 1: not valid JSON'],
    ] as const) {
      const text = [first, ...rest].join('\n');
      // What does not begin like a journal is none.
      const told = text.startsWith('{"edgewise_search":') ? message : 'is no journal of a search';
      for (const keepBefore of [false, true]) {
        expect(refusal(await resumed(Buffer.from(text), keepBefore))).toContain(told);
      }
    }
  });
});

describe('tests that are whole but not those of this search', () => {
  /** A journal with these tests, as this program would write it. */
  const written = (tests: readonly Measurement[]): Buffer => {
    let check = FIRST_CHECK;
    const rows = tests.map((one) => {
      const [text, next] = rowText(one, form, check);
      check = next;
      return text;
    });
    return Buffer.from([journal.toString().split('\n')[0]!, ...rows, ''].join('\n'));
  };

  test('are found where the search asks for another edge', async () => {
    const { measurements } = whole;
    const other = measurements.with(2, { ...measurements[2]!, edge: measurements[9]!.edge });
    const bytes = written(other.toSpliced(9, 1));
    const [there, here] = [9, 2].map((i) => topology.edgeName(measurements[i]!.edge));
    const told = `its test 2 is of ${there}, this search would test ${here}`;
    expect(refusal(await resumed(bytes))).toContain(`${path}: ${told}`);
    cuts.length = 0;
    expect(await resumed(bytes, true)).toEqual(outcome(whole));
    expect(cuts).toEqual([`${path}: ${told}; cut off there, 2 tests kept`]);
    expect((await readFile(path)).equals(journal)).toBe(true);
  });

  test('are found where one is there twice, or is one more than the search makes', async () => {
    const { measurements, steps } = whole;
    const twice = written([...measurements.slice(0, 4), measurements[1]!]);
    expect(refusal(await resumed(twice))).toContain(
      `line 6: ${topology.edgeName(measurements[1]!.edge)} was tested before`,
    );
    const tested = new Set(steps.map(({ edge }) => edge));
    const untested = Array.from({ length: topology.edgeCount }, (_, id) => id).find((id) => !tested.has(id))!;
    const more = written([...measurements, { edge: untested, without: [1, 2, 3] }]);
    expect(refusal(await resumed(more))).toContain(
      `it holds ${steps.length + 1} tests, this search makes ${steps.length}`,
    );
    expect(await resumed(more, true)).toEqual(outcome(whole));
  });
});
