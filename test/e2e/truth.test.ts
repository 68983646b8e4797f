/** Models whose circuits are known, written as folders and used from there. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, cliJson, expectMistake, NO_ADAPTER, runCli, useFolder } from '../support/cli.js';

const env = NO_ADAPTER;
const folder = useFolder();

interface Listed {
  readonly name: string;
  readonly metric: string;
  readonly true_edges: readonly string[];
}

interface InterchangeFile {
  readonly edges: Readonly<Record<string, { readonly in_graph: boolean }>>;
}

function keptIn(text: string): string[] {
  const { edges } = JSON.parse(text) as InterchangeFile;
  return Object.keys(edges).filter((name) => edges[name]!.in_graph);
}

test('are listed with their true edges', async () => {
  const list = await cliJson<Listed[]>(['truth'], { env });
  expect(list.length).toBeGreaterThan(5);
  expect(await cli(['truth'], { env })).toMatch(/^or-gate +logit-diff +5 true edges +two heads/m);
});

test('a search on a written folder finds the edges of its circuit.json', async () => {
  const out = join(folder.path, 'queries-alone');
  const said = await cli(['truth', 'queries-alone', '--out', out], { env });
  expect(said).toContain('4 of 262 edges are true; 64 prompt pairs');
  expect((await readdir(out)).toSorted()).toEqual(['circuit.json', 'config.json', 'model.safetensors', 'task.jsonl']);
  const known = (await cliJson<Listed[]>(['truth'], { env })).find(({ name }) => name === 'queries-alone')!;
  const truth = keptIn(await readFile(join(out, 'circuit.json'), 'utf8'));
  expect(truth.toSorted()).toEqual(known.true_edges.toSorted());

  const run = ['--model', out, '--task', join(out, 'task.jsonl'), '--prompts', '8', '--metric', known.metric];
  const found = join(folder.path, 'found');
  await cliJson(['discover', ...run, '--threshold', '0.5', '--out', found, '--no-details', '--no-in-circuit']);
  expect(keptIn(await readFile(join(found, 'circuit.json'), 'utf8'))).toEqual(truth);

  const circuit = ['--circuit', join(out, 'circuit.json')];
  const { faithfulness } = await cliJson<{ faithfulness: number }>(['evaluate', ...run, ...circuit]);
  expect(Math.abs(faithfulness - 1)).toBeLessThan(0.05);
});

test('a folder that is not empty is left alone, unless it is told otherwise', async () => {
  const out = join(folder.path, 'mine');
  await cli(['truth', 'or-gate', '--out', out], { env });
  await writeFile(join(out, 'config.json'), 'mine');
  const args = ['truth', 'or-gate', '--seed', '2', '--out', out];
  expectMistake(await runCli(args, { env }), `${out}: is not empty; use --force`);
  expect(await readFile(join(out, 'config.json'), 'utf8')).toBe('mine');
  await cli([...args, '--force'], { env });
  expect(await readFile(join(out, 'config.json'), 'utf8')).toContain('gpt2');
});

test('a name that there is not is a mistake', async () => {
  expectMistake(
    await runCli(['truth', 'xor'], { env }),
    '"xor": is no constructed model, expected name-moving, greater-than',
  );
});
