/** Files that people bring, from the command line: each reaches a circuit, or is told what it is. */
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { cli, cliJson, expectMistake, NO_ADAPTER, runCli, useFolder, type CliResult } from '../support/cli.js';
import { TINY_MODEL, tinyRows, writeRows } from '../support/tiny-task.js';

const folder = useFolder();
const golden = (name: string): string => fileURLToPath(new URL(`../golden/task-files/${name}`, import.meta.url));

interface CircuitJson {
  readonly edgewise: {
    readonly provenance: {
      readonly reading?: object;
      readonly metrics: { readonly initial: number };
      readonly prompts: { readonly count: number; readonly skip: number };
    };
  };
}

/** A search takes long, and shows nothing of a task file that a choice by scores does not. */
const BY_SCORES = ['--method', 'eap', '--edges', '1'];
const BY_SEARCH = ['--threshold', '2'];

/** Finds a circuit, and gives what was said and the circuit's provenance. */
async function discover(
  name: string,
  args: readonly string[],
  { input, how = BY_SCORES }: { readonly input?: string; readonly how?: readonly string[] } = {},
): Promise<CliResult & { readonly provenance: CircuitJson['edgewise']['provenance'] }> {
  const out = join(folder.path, name);
  const run = ['discover', '--model', 'tasks-4l', '--metric', 'logit-diff', '--no-details', '--no-in-circuit'];
  const result = await runCli([...run, ...how, '--out', out, ...args], input === undefined ? {} : { input });
  expect(result.code, result.stderr).toBe(0);
  const circuit = JSON.parse(await readFile(join(out, 'circuit.json'), 'utf8')) as CircuitJson;
  return { ...result, provenance: circuit.edgewise.provenance };
}

describe('one command reaches a circuit', () => {
  test.each([
    ["EAP-IG's CSV", 'task-in-other-formats/eapig.csv', -10.0105],
    ['rows in a JSON array', 'task-in-other-formats/rows-array.json', -10.0105],
    ['single ids', 'task-in-other-formats/scalar-ids.jsonl', -10.0105],
    ['a position', 'row-field-typo/right.jsonl', -3.3661],
    ["MIB's parquet", 'other-programs/mcqa.parquet', -10.0105],
  ])('%s', async (what, file, initial) => {
    const { provenance } = await discover(what.replace(/\W/g, ''), ['--task', golden(file)]);
    expect(provenance.metrics.initial).toBeCloseTo(initial, 3);
    expect(provenance.reading).toBeUndefined();
  });

  test("a pipe of auto-circuit's JSON", async () => {
    const row = { clean: 'When Paul and James walked to the bank, James gave a ball to' };
    const corrupt = 'When Kevin and Michael walked to the bank, Fred gave a ball to';
    const prompts = [{ ...row, corrupt, answers: [' Paul'], wrong_answers: [' James'] }];
    const { stdout, provenance } = await discover('pipe', ['--task', '-'], { input: JSON.stringify({ prompts }) });
    expect(stdout).toMatch(/^stdin on tasks-4l, 1 prompt/);
    expect(provenance.metrics.initial).toBeCloseTo(-10.0105, 3);
  });

  test('--columns names those of the file of --mean-over too', async () => {
    const texts = ['When Paul and James walked to the bank, James gave a ball to'];
    const rows = texts.map((clean) => ({ q: clean, corrupted: clean, correct: ' Paul', wrong: ' James' }));
    const task = await writeRows(folder.path, 'renamed.jsonl', rows);
    const args = ['--task', task, '--columns', 'clean=q', '--ablation', 'mean', '--mean-over', task];
    const { provenance } = await discover('renamed', args);
    expect(provenance.metrics.initial).toBeCloseTo(-10.0105, 3);
  });
});

describe('rows that cannot be used', () => {
  const late = golden('one-bad-row/late.jsonl');

  test('are left out and counted if that is asked for, which the circuit and evaluate keep', async () => {
    const { stderr, provenance } = await discover('dropped', ['--task', late, '--drop-bad-rows']);
    expect(stderr).toContain('note: late: 3 of 10 rows left out: 2 with prompts of different lengths, 1 with');
    expect([provenance.reading, provenance.prompts]).toEqual([{ dropped: 3 }, { count: 7, skip: 0 }]);
    const circuit = join(folder.path, 'dropped', 'circuit.json');
    const evaluated = await cliJson<{ prompts: number; clean: number }>([
      'evaluate',
      '--model',
      'tasks-4l',
      '--task',
      late,
      '--circuit',
      circuit,
    ]);
    expect(evaluated.prompts).toBe(7);
    expect(evaluated.clean).toBeCloseTo(provenance.metrics.initial, 4);
  });

  test('do not matter where they are not used', async () => {
    const { provenance } = await discover('four', ['--task', late, '--prompts', '4']);
    expect([provenance.prompts.count, provenance.reading]).toEqual([4, undefined]);
  });

  test('are told all at once', async () => {
    const result = await runCli(['discover', '--model', 'tasks-4l', '--task', late], { env: NO_ADAPTER });
    expectMistake(result, /late\.jsonl: 3 of 10 rows cannot be used/, /line 7: .*line 10.*line 9/);
  });
});

describe('answers', () => {
  const several = async (): Promise<string> => {
    const row = {
      clean: 'When Paul and James walked to the bank, James gave a ball to',
      corrupted: 'When Kevin and Michael walked to the bank, Fred gave a ball to',
    };
    return writeRows(folder.path, 'several.jsonl', [{ ...row, correct: ' Paul and', wrong: ' James' }]);
  };

  test('of several tokens are refused with both ways', async () => {
    const result = await runCli(['discover', '--model', 'tasks-4l', '--task', await several()], { env: NO_ADAPTER });
    expectMistake(result, /" Paul and" is 2 tokens .*--answers first-token, or --metric nll for the whole answer$/);
  });

  test('stand for their first token, which is said and recorded', async () => {
    const { stderr, provenance } = await discover('first', ['--task', await several(), '--answers', 'first-token']);
    expect(stderr).toContain('the first token stands for an answer of several (" Paul" of " Paul and")');
    expect(provenance.reading).toEqual({ answers: 'first-token' });
    expect(provenance.metrics.initial).toBeCloseTo(-10.0105, 3);
  });

  test('are measured as a whole by nll, in a search, in scores, and in check-task', async () => {
    const task = await several();
    const { stderr, provenance } = await discover('whole', ['--task', task, '--metric', 'nll'], { how: BY_SEARCH });
    expect(stderr).toContain('the whole of it is measured (" Paul and")');
    const report = await cliJson<{ model: { logProbability: { clean: number } }; verdicts: { answer: string[] }[] }>([
      'check-task',
      '--model',
      'tasks-4l',
      '--task',
      task,
      '--metric',
      'nll',
    ]);
    expect(report.verdicts[0]!.answer).toEqual([' Paul', ' and']);
    expect(report.model.logProbability.clean).toBeCloseTo(-provenance.metrics.initial, 4);
    const scores = ['attribute', '--model', 'tasks-4l', '--task', task, '--metric', 'nll', '--method', 'eap'];
    await cli([...scores, '--out', join(folder.path, 'whole-scores')]);
  });

  test.each([
    ['no-space', /without a space, although the one with a space is a token as well \("to" \+ "he"; write " he"/],
    ['trailing-space', /the prompt ends in a space and the answer begins with one/],
  ])('that cannot follow in their form are told: %s', async (name, note) => {
    const model = join(folder.path, `spaces-${name}`);
    await microModel(model, 'answer-spaces');
    const task = golden(`answer-spaces/${name}.jsonl`);
    const { stdout } = await runCli(['check-task', '--model', model, '--bos', 'no', '--task', task]);
    expect(stdout).toMatch(note);
  });

  test("are what follows the prompt, whatever the tokenizer's leading space", async () => {
    const model = join(folder.path, 'metaspace');
    await microModel(model, 'metaspace-answer');
    const report = await cliJson<{ verdicts: { correct: string[] }[] }>([
      'check-task',
      '--model',
      model,
      '--bos',
      'no',
      '--task',
      golden('metaspace-answer/task.jsonl'),
    ]);
    expect(report.verdicts[0]!.correct).toEqual(['北']);
  });

  /** The tiny random model, of 67 tokens, with the tokenizer of a case, which lacks the config's beginning of text. */
  async function microModel(to: string, name: string): Promise<void> {
    await cp(TINY_MODEL, to, { recursive: true });
    await cp(golden(`${name}/tokenizer.json`), join(to, 'tokenizer.json'));
  }
});

describe('check-task', () => {
  test('tells of every row, shows the first pair token by token, and says whether the model does the task', async () => {
    const late = golden('one-bad-row/late.jsonl');
    const text = await cli(['check-task', '--model', 'tasks-4l', '--task', late]);
    expect(text).toContain('JSON lines, in the fields of edgewise, 10 rows');
    expect(text).toContain('accepted  7 (line 1 to line 6, line 8)');
    expect(text).toMatch(/refused {3}3 \(2 with prompts of different lengths, 1 with an answer of several tokens\)/);
    expect(text).toContain('line 10: clean has 15 tokens and corrupted 16');
    expect(text).toMatch(/^ +0 +0 {2}"<\|endoftext\|>"$/m);
    expect(text).toMatch(/^ +2 +89 {2}" Paul" +\| 67 " Kevin"$/m);
    expect(text).toMatch(/^ +>14 +444 {2}" to"$/m);
    expect(text).toMatch(/mean logit difference +10\.0105 +7\.5986/);
    expect(text).not.toContain('warning');
  });

  test('and discover warn of a task that the model does not do', async () => {
    const task = await writeRows(folder.path, 'tiny.jsonl', tinyRows(6));
    const warning = /warning: the model prefers the right answer on [0-3] of 6 prompts/;
    const swapped = tinyRows(6).map((row) => ({ ...row, corrupted_ids: row.clean_ids }));
    const equal = await writeRows(folder.path, 'equal.jsonl', swapped);
    const text = await cli(['check-task', '--model', TINY_MODEL, '--task', equal]);
    expect(text).toMatch(/note: in 6 of 6 pairs the clean and the corrupted prompt are equal/);
    expect(text).toMatch(/warning: the corrupted prompts hardly change the prediction \(KL 0\.0 nats\)/);
    const out = join(folder.path, 'undone');
    const run = [
      'discover',
      '--model',
      TINY_MODEL,
      '--task',
      task,
      '--threshold',
      '1',
      '--no-details',
      '--no-in-circuit',
      '--out',
      out,
    ];
    const report = await cliJson<{ model: { preferred: { clean: number } }; warnings: string[] }>([
      'check-task',
      '--model',
      TINY_MODEL,
      '--task',
      task,
    ]);
    const { stderr } = await runCli(run);
    for (const one of report.warnings) expect(stderr).toContain(`warning: ${one}`);
    expect(warning.test(stderr)).toBe(report.model.preferred.clean <= 0.5);
  });
});
