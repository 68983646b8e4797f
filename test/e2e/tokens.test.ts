import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { cli, cliJson, expectMistake, NO_ADAPTER, runCli, useFolder } from '../support/cli.js';

const golden = fileURLToPath(new URL('../golden/field', import.meta.url));
const tasks4l = fileURLToPath(new URL('../../models/tasks-4l', import.meta.url));
const folder = useFolder();
const path = (name: string): string => join(folder.path, name);

const discover = (model: string, task: string, out: string, ...options: string[]): string[] => {
  return [
    'discover',
    '--model',
    path(model),
    '--task',
    path(task),
    '--out',
    path(out),
    '--no-details',
    '--no-in-circuit',
    ...options,
  ];
};

interface Provenance {
  readonly edgewise: { readonly provenance: { readonly bos: unknown } };
}

describe('a beginning-of-text id that is an ordinary word', () => {
  const run = (out: string, ...options: string[]): string[] =>
    discover('words', 'words/task.jsonl', out, '--threshold', '0.2', ...options);
  const withEndOfText = '"<|endoftext|>" "When" " Paul" " and" " James"';

  beforeAll(async () => {
    await cp(tasks4l, path('words'), { recursive: true });
    for (const file of ['config.json', 'tokenizer_config.json', 'task.jsonl']) {
      await cp(join(golden, 'bos-ordinary-word', file), join(path('words'), file));
    }
  });

  test('is refused with the files that name it and the ways out, and info says so', async () => {
    const message =
      /config\.json: bos_token_id 78 is " Mary".*tokenizer_config\.json names 0 \("<\|endoftext\|>"\).*--bos no, --bos 0/;
    expectMistake(await runCli(run('no'), { env: NO_ADAPTER }), message);
    const info = await cli(['info', '--model', path('words')]);
    expect(info).toMatch(/^ {2}tokenizer +tokenizer\.json, WordLevel of 622 tokens$/m);
    expect(info).toMatch(/^ {2}beginning of text +config\.json: bos_token_id 78 is " Mary".*--bos no, --bos 0/m);
  });

  test('is settled by --bos, with an id or with its text', async () => {
    const byId = await runCli(run('id', '--bos', '0'));
    expect(byId.code, byId.stderr).toBe(0);
    expect(byId.stderr).toMatch(new RegExp(`^prompt 1: ${withEndOfText.replaceAll('|', '\\|')} `, 'm'));
    await cli(run('text', '--bos', '<|endoftext|>'));
    const [one, two] = await Promise.all(['id', 'text'].map((out) => readFile(path(`${out}/circuit.json`), 'utf8')));
    expect(two).toBe(one);
    expect((JSON.parse(one!) as Provenance).edgewise.provenance.bos).toBe(0);

    const evaluate = [
      'evaluate',
      '--model',
      path('words'),
      '--task',
      path('words/task.jsonl'),
      '--circuit',
      path('id/circuit.json'),
    ];
    const asFound = await runCli(evaluate);
    expect(asFound.stderr).toBe(
      `prompt 1: ${withEndOfText} " walked" " to" " the" " bank" "," " James" " gave" " a" " ball" " to"\n`,
    );
    expect((await runCli([...evaluate, '--bos', 'no'])).stderr).toContain('note: --bos no instead of 0, with which');
  });

  test('is no token where --bos names none', async () => {
    for (const bos of ['maybe', '622']) {
      expectMistake(await runCli(run('no', '--bos', bos), { env: NO_ADAPTER }), /--bos: .*no token/);
    }
  });

  test('the first prompt is in the report of info', async () => {
    const args = ['info', '--model', path('words'), '--task', path('words/task.jsonl'), '--bos', '0'];
    expect(await cli(args)).toMatch(/^prompt 1 {2}"<\|endoftext\|>" "When" " Paul"/m);
    const report = await cliJson<{ prompt: string; model: { beginning_of_text: string } }>(args);
    expect(report.prompt).toMatch(/^"<\|endoftext\|>" "When"/);
    expect(report.model.beginning_of_text).toBe('0 "<|endoftext|>" by --bos');
  });
});

describe('vocab.json and merges.txt', () => {
  beforeAll(() => cp(join(golden, 'vocab-and-merges-only'), path('old'), { recursive: true }));

  test('are read', async () => {
    const found = await runCli(discover('old', 'old/task.jsonl', 'found', '--threshold', '0.2'));
    expect(found.code, found.stderr).toBe(0);
    expect(found.stderr).toMatch(/^prompt 1: "/m);
    expect(await cli(['info', '--model', path('old')])).toMatch(/^ {2}tokenizer +vocab\.json, BPE of 8 tokens$/m);
  });

  test('what is there instead is named by info and by the error', async () => {
    await cp(path('old'), path('bare'), { recursive: true });
    await rm(path('bare/merges.txt'));
    await rm(path('bare/vocab.json'));
    await writeFile(path('bare/spiece.model'), '');
    const without = /the model has no tokenizer\.json, and no vocab\.json with merges\.txt, only spiece\.model/;
    expect(await cli(['info', '--model', path('bare')])).toMatch(new RegExp(`tokenizer +none: ${without.source}`));
    const refused = await runCli(discover('bare', 'old/task.jsonl', 'no'), { env: NO_ADAPTER });
    expectMistake(refused, without, /give clean_ids/);
  });

  test('that are damaged are refused by the line, and told by info', async () => {
    await cp(path('old'), path('damaged'), { recursive: true });
    await writeFile(path('damaged/merges.txt'), '#version: 0.2\na b c\n');
    const refused = await runCli(discover('damaged', 'old/task.jsonl', 'no'), { env: NO_ADAPTER });
    expectMistake(refused, /merges\.txt: line 2 is "a b c", expected two tokens/);
    expect(await cli(['info', '--model', path('damaged')])).toMatch(/tokenizer +refused: .*merges\.txt: line 2/);
  });
});

test('a normalized added token is its own id in text as in ids', async () => {
  await cp(join(golden, 'added-token-flags'), path('flags'), { recursive: true });
  const circuits = ['normalized', 'normalized-ids'].map(async (task) => {
    await cli(discover('flags', `flags/${task}.jsonl`, task, '--metric', 'logit-diff', '--threshold', '0.05'));
    const { edges, edgewise } = JSON.parse(await readFile(path(`${task}/circuit.json`), 'utf8'));
    return { edges, metrics: edgewise.provenance.metrics };
  });
  const [text, ids] = await Promise.all(circuits);
  expect(text).toEqual(ids);
});
