/** Task files of every format and of every tool, in the tokens of the shipped model. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';

import { openModelDirectory } from '../../../src/node/model-directory.js';
import { resolveModel } from '../../../src/node/model-location.js';
import { openModel } from '../../../src/model/load-model.js';
import { taskReader, type ReaderOptions, type TaskReader } from '../../../src/run/task-reader.js';
import { TASK_FORMATS } from '../../../src/task/formats/index.js';
import { ROW_KINDS } from '../../../src/task/rows/index.js';
import type { Task } from '../../../src/task/types.js';

const CLEAN = 'When Paul and James walked to the bank, James gave a ball to';
const CORRUPTED = 'When Kevin and Michael walked to the bank, Fred gave a ball to';
const ROW = { clean: CLEAN, corrupted: CORRUPTED, correct: ' Paul', wrong: ' James' };
const PAUL = 89;
const JAMES = 54;

let reader: TaskReader;
beforeAll(async () => {
  const directory = await openModelDirectory((await resolveModel('tasks-4l')).directory);
  reader = await taskReader(directory, (await openModel(directory)).spec, 'auto');
});

const file = (bytes: Uint8Array<ArrayBuffer> | string, source: string): Parameters<TaskReader['read']>[0] => ({
  name: 't',
  source,
  bytes: typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes,
});
const load = (text: Uint8Array<ArrayBuffer> | string, source = 'task', options: ReaderOptions = {}): Promise<Task> =>
  reader.read(file(text, source), options);
const golden = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(new URL(`../../golden/task-files/${name}`, import.meta.url)));
const answersOf = ({ pairs }: Task): unknown => pairs.map(({ correct, wrong }) => [correct, wrong]);
const json = (value: unknown): string => JSON.stringify(value);

describe('the cases of the field', () => {
  it.each([
    ['eapig.csv', 1],
    ['rows-array.json', 2],
    ['scalar-ids.jsonl', 1],
  ])('task-in-other-formats/%s is read', async (name, pairs) => {
    const task = await load(golden(`task-in-other-formats/${name}`), name);
    expect(answersOf(task)).toEqual(Array.from({ length: pairs }, () => [[PAUL], [JAMES]]));
    expect(task.pairs[0]!.clean).toHaveLength(15);
  });

  it('row-field-typo: a misspelt field is refused with the nearest one', async () => {
    await expect(load(golden('row-field-typo/typo.jsonl'), 'typo.jsonl')).rejects.toThrow(
      'typo.jsonl, line 1: postion: there is no such field; did you mean position? (--ignore-fields postion leaves it aside)',
    );
    expect((await load(golden('row-field-typo/right.jsonl'), 'right.jsonl')).pairs[0]!.position).toBe(4);
    const aside = await load(golden('row-field-typo/typo.jsonl'), 'typo.jsonl', { ignoreFields: ['postion'] });
    expect(aside.pairs[0]!.position).toBe(14);
  });

  it('one-bad-row: only rows that are used are checked; the faults of all come at once', async () => {
    const late = golden('one-bad-row/late.jsonl');
    expect((await load(late, 'late.jsonl', { prompts: 4 })).pairs).toHaveLength(4);
    await expect(load(late, 'late.jsonl')).rejects.toThrow(
      /^late\.jsonl: 3 of 10 rows cannot be used \(2 with prompts of different lengths, 1 with an answer of several tokens\); line 7: clean has 15 tokens and corrupted 16, expected equal lengths \(also line 10\); line 9, correct: .*; --drop-bad-rows leaves out such rows$/,
    );
    const rest = await load(late, 'late.jsonl', { dropBadRows: true });
    expect([rest.pairs.length, rest.reading]).toEqual([7, { dropped: 3 }]);
    expect(rest.remarks![0]).toBe(
      '3 of 10 rows left out: 2 with prompts of different lengths, 1 with an answer of several tokens',
    );
    const seven = await load(late, 'late.jsonl', { dropBadRows: true, prompts: 7 });
    expect(seven.pairs.at(-1)!.origin).toBe('late.jsonl, line 8');
    await expect(load(late, 'late.jsonl', { dropBadRows: true, prompts: 8 })).rejects.toThrow(
      'has 7 prompt pairs and 3 bad rows, but 8 were asked for',
    );
  });
});

describe('what other programs write', () => {
  it.each(['columns', 'records', 'split', 'index', 'table'])('pandas, to_json(orient="%s")', async (orient) => {
    const task = await load(golden(`other-programs/pandas-${orient}.json`), 'x.json');
    expect(answersOf(task)).toEqual([
      [[PAUL], []],
      [[PAUL], []],
    ]);
  });

  it('pandas, to_csv with its index, and lists in TSV', async () => {
    expect((await load(golden('other-programs/pandas.csv'), 'pandas.csv')).pairs).toHaveLength(2);
    const lists = await load(golden('other-programs/lists.tsv'));
    expect(lists.pairs.map(({ wrong }) => wrong.length)).toEqual([1, 2]);
  });

  it('pandas, to_parquet, with its index', async () => {
    expect((await load(golden('other-programs/pairs.parquet'))).pairs.map(({ wrong }) => wrong.length)).toEqual([1, 2]);
    expect(answersOf(await load(golden('other-programs/eapig.parquet')))).toEqual([[[PAUL], [JAMES]]]);
  });

  it.each(['mcqa', 'ioi'])("MIB's rows: %s", async (name) => {
    const task = await load(golden(`other-programs/${name}.parquet`));
    expect(answersOf(task)).toEqual([[[PAUL], [JAMES]]]);
    expect(task.pairs[0]!.corrupted).not.toEqual(task.pairs[0]!.clean);
  });

  it("MIB's arithmetic: results are texts; a row without its counterfactual is refused", async () => {
    const text = golden('other-programs/arithmetic.parquet');
    await expect(load(text, 'a.parquet')).rejects.toThrow('a.parquet, row 2: a counterfactual: is missing');
    const { pairs } = await load(text, 'a.parquet', { dropBadRows: true });
    const texts = [...pairs[0]!.correct, ...pairs[0]!.wrong].map((id) => reader.tokenText!(id));
    expect(texts).toEqual(['57', '43']);
  });

  it("MIB's other counterfactuals are taken by name, and its labels by their first token", async () => {
    const abc = { columns: { counterfactual: 'abc_counterfactual' } };
    const [kevin] = (await load(golden('other-programs/ioi.parquet'), 'ioi', abc)).pairs;
    expect(kevin!.texts!.corrupted[2]).toBe(' Kevin');
    const row = (prompt: string, label: string): object => ({ prompt, choices: { label: [label] }, answerKey: 0 });
    const two = { ...row(CLEAN, ' Paul James'), symbol_counterfactual: row(CORRUPTED, ' James') };
    const task = await load(json([two]));
    expect([answersOf(task), task.reading]).toEqual([[[[PAUL], [JAMES]]], { answers: 'first-token' }]);
    const arithmetic = { prompt: CLEAN, label: ' Paul James', random_counterfactual: { prompt: CORRUPTED, label: 5 } };
    await expect(load(json([arithmetic]))).rejects.toThrow('expected exactly one token');
  });

  it("auto-circuit's object, in texts and in ids", async () => {
    const texts = { clean: CLEAN, corrupt: CORRUPTED, answers: [' Paul'], wrong_answers: [' James'] };
    const ids = { clean: [[1, 2]], corrupt: [[1, 3]], answers: [PAUL], wrong_answers: [[JAMES]] };
    const task = await load(json({ seq_labels: ['a'], word_idxs: { IO: 2 }, prompts: [texts, ids] }));
    expect(answersOf(task)).toEqual([
      [[PAUL], [JAMES]],
      [[PAUL], [JAMES]],
    ]);
    const everywhere = { clean: [1, 2], corrupt: [1, 3], answers: [[1, 2]] };
    await expect(load(json({ prompts: [everywhere] }))).rejects.toThrow('answers: holds answers at several positions');
  });

  it("CircuitKIT's records and its table", async () => {
    const record = {
      record_id: '0',
      clean_prompt: CLEAN,
      clean_answer: ' Paul',
      corrupt_prompt: CORRUPTED,
      corrupt_answer: ' James',
    };
    expect(answersOf(await load(json({ name: 'x', shape: 'qa', records: [record] })))).toEqual([[[PAUL], [JAMES]]]);
    const table = `question,answer,corrupted,corrupt_answer\n"${CLEAN}", Paul,"${CORRUPTED}", James\n`;
    expect(answersOf(await load(table))).toEqual([[[PAUL], [JAMES]]]);
  });

  it("EAP-IG's greater-than: correct_idx is a year, no token", async () => {
    const row = 'The war lasted from 1756 to 17,The war lasted from 1701 to 17,56';
    const { pairs } = await load(`clean,corrupted,correct_idx\n${row}\n`);
    const texts = (ids: readonly number[]): string[] => ids.map((id) => reader.tokenText!(id));
    expect([texts(pairs[0]!.correct).length, texts(pairs[0]!.correct)[0]]).toEqual([43, '57']);
    expect([texts(pairs[0]!.wrong).length, texts(pairs[0]!.wrong).at(-1)]).toEqual([57, '56']);
  });

  it("EAP-IG's other columns: lists of ids, a second counterfactual, classes that no metric reads", async () => {
    const lists = `clean,corrupted,answers,answers_idx,corrupted_answers_idx\n"${CLEAN}","${CORRUPTED}",x,"[${PAUL}]","[${JAMES}, 81]"\n`;
    expect(answersOf(await load(lists))).toEqual([[[PAUL], [JAMES, 81]]]);
    const hard = `clean,corrupted,corrupted_hard,correct_idx,incorrect_idx\n"${CLEAN}","${CLEAN}","${CORRUPTED}",${PAUL}.0,${JAMES}\n`;
    const [pair] = (await load(hard, 'x.csv', { columns: { corrupted: 'corrupted_hard' } })).pairs;
    expect([pair!.texts!.corrupted[2], pair!.correct]).toEqual([' Kevin', [PAUL]]);
    await expect(load(`clean,corrupted,plural\n"${CLEAN}","${CORRUPTED}",1\n`)).rejects.toThrow('plural: a class');
    await expect(load(`clean,corrupted,country\n"${CLEAN}","${CORRUPTED}",x\n`)).rejects.toThrow(
      'country: stands without a column of token ids',
    );
  });
});

describe('tables', () => {
  it('have quotes, line ends of Windows, texts over several lines, and lines that are told by number', async () => {
    const text = `clean,corrupted,correct\r\n"${CLEAN}","${CORRUPTED}", Paul\r\n"a\r\n""b""",c,d\r\n"${CLEAN}","${CORRUPTED}"\r\n`;
    await expect(load(text, 't.csv')).rejects.toThrow(
      /3 rows cannot be used .*; line 3, .*; line 5: has 2 values, the header names 3/,
    );
    expect((await load(text, 't.csv', { prompts: 1 })).pairs).toHaveLength(1);
  });

  it('may use semicolons; the ending may say nothing', async () => {
    expect((await load(`clean;corrupted;correct\n${CLEAN};${CORRUPTED}; Paul\n`, 'standard input')).pairs).toHaveLength(
      1,
    );
  });

  it.each([
    ['clean,corrupted\n', 'has a header and no rows'],
    ['clean,corrupted,clean\na,b,c\n', 'the header names clean twice'],
    ['clean,corrupted\n"a,b\n', 'line 2: is not well-formed'],
    ['a,b\n1,2\n', 'begins with "a,b", which is none of'],
    ['clean,corrupted,correct_ids\na,b,x\n', 'line 2: correct_ids: expected a token id or an array of them'],
  ])('%j is refused', async (text, message) => {
    await expect(load(text)).rejects.toThrow(message);
  });
});

describe('columns', () => {
  const other = `Question,Other,Answer\n"${CLEAN}","${CORRUPTED}", Paul\n`;

  it('stand for fields where that is said, which is recorded', async () => {
    const columns = { clean: 'Question', corrupted: 'Other', correct: 'Answer' };
    const task = await load(other, 'x.csv', { columns });
    expect([answersOf(task), task.reading]).toEqual([[[[PAUL], []]], { columns }]);
  });

  it('that are not there, and fields that are not, are told with the nearest', async () => {
    await expect(load(other, 'x.csv', { columns: { clean: 'Qestion' } })).rejects.toThrow('did you mean Question?');
    await expect(load(other, 'x.csv', { columns: { claen: 'Question' } })).rejects.toThrow(
      '--columns: claen: there is no such field; did you mean clean?',
    );
  });
});

describe('JSON', () => {
  it('is one row over several lines, a list in an object, rows as a data set server wraps them', async () => {
    expect((await load(JSON.stringify(ROW, null, 2))).pairs).toHaveLength(1);
    expect((await load(json({ examples: [ROW, ROW] }))).pairs).toHaveLength(2);
    expect((await load(json({ rows: [{ row_idx: 0, row: ROW }] }))).pairs).toHaveLength(1);
  });

  it('lines with the ending .json are lines; NaN, as Python writes it, is nothing', async () => {
    expect((await load(`${json(ROW)}\n${json(ROW)}\n`, 'x.json')).pairs).toHaveLength(2);
    expect(
      (await load(`{"clean": ${json(CLEAN)}, "corrupted": ${json(CORRUPTED)}, "position": NaN}`)).pairs,
    ).toHaveLength(1);
  });

  it.each([
    [json([]), 'is empty'],
    [json([ROW, 5]), 'row 2: expected a JSON object'],
    [json({ foo: 1 }), 'is a JSON object with the fields foo; expected a template'],
  ])('%s is refused', async (text, message) => {
    await expect(load(text, 'x.json')).rejects.toThrow(message);
  });

  it('has a free meta object, and nothing else that is free of a name', async () => {
    expect((await load(json({ ...ROW, meta: { a: 1 } }))).pairs).toHaveLength(1);
    await expect(load(json({ ...ROW, note: 'x' }))).rejects.toThrow('note: there is no such field; expected clean');
    await expect(load(json({ ...ROW, corect: ' Paul' }))).rejects.toThrow('did you mean correct?');
  });
});

describe('what is no task', () => {
  it.each<[string, string]>([
    ['PK\u0003\u0004', 'is a zip archive'],
    ['<!doctype html>', 'is HTML or XML'],
    ['GGUF', 'is a model in GGUF'],
    ['version https://git-lfs.github.com/spec/v1', 'is a Git LFS pointer'],
    ['hello there\n', 'begins with "hello there", which is none of parquet, template, JSON, JSON lines, TSV, CSV'],
    ['PAR1 broken', 'is not a whole parquet file'],
    ['  \n', 'is empty'],
  ])('%j is named for what it is', async (text, message) => {
    await expect(load(text)).rejects.toThrow(`task: ${message}`);
  });

  it.each<[number[], string]>([
    [[0x1f, 0x8b, 8], 'is compressed with gzip'],
    [[0x80, 4, 0x95], 'is a Python pickle'],
    [[0xff, 0xfe, 0x7b, 0], 'is UTF-16 text'],
  ])('%j is, too', async (bytes, message) => {
    await expect(load(new Uint8Array(bytes))).rejects.toThrow(`task: ${message}`);
  });

  it('parquet with another compression says which', async () => {
    await expect(load(golden('other-programs/zstd.parquet'))).rejects.toThrow(
      'is compressed with zstd; write it with snappy',
    );
  });
});

describe('many rows', () => {
  it('have no limit, and the rest is not even looked at', async () => {
    const task = await load(`${json(ROW)}\n${'broken\n'.repeat(150_000)}`, 't.jsonl', { prompts: 1 });
    expect(task.pairs).toHaveLength(1);
  });

  it('with faults are told by kind, the first ten each', async () => {
    const bad = Array.from({ length: 14 }, (_, i) => json({ ...ROW, [`x${i}`]: 1 })).join('\n');
    await expect(load(`${json(ROW)}\n${bad}`, 't.jsonl')).rejects.toThrow(
      /14 of 15 rows cannot be used \(14 with an unknown field\); line 2: x0: .*; line 11: x9: [^;]*; expected [^;]*; and 4 more; --drop/,
    );
  });

  it('without the answers that the metric reads are faults as well', async () => {
    const text = `${json(ROW)}\n${json({ ...ROW, wrong: [] })}`;
    await expect(load(text, 't.jsonl', { metric: 'logit-diff' })).rejects.toThrow(
      'line 2: wrong (or wrong_ids) is missing',
    );
    expect((await load(text, 't.jsonl', { metric: 'logit-diff', dropBadRows: true })).pairs).toHaveLength(1);
  });
});

it('formats and kinds of rows are tables that say what they are', () => {
  for (const { name, about } of [...TASK_FORMATS, ...ROW_KINDS]) expect(`${name}${about}`.length).toBeGreaterThan(20);
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  for (const { name } of [...TASK_FORMATS, ...ROW_KINDS]) expect(readme.toLowerCase()).toContain(name.toLowerCase());
});
