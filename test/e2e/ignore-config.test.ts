import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { parseCircuit } from '../../src/files/index.js';
import { runCli, useFolder } from '../support/cli.js';

const folder = useFolder();
const search = ['--task', 'ioi', '--prompts', '2', '--method', 'eap', '--edges', '5'];
let model: string;

beforeAll(async () => {
  model = join(folder.path, 'odd');
  await cp('models/tasks-4l', model, { recursive: true });
  const config = JSON.parse(await readFile(join(model, 'config.json'), 'utf8')) as object;
  await writeFile(
    join(model, 'config.json'),
    JSON.stringify({ ...config, my_notes: 1, rope_thing: [2], author: 'me' }),
  );
});

test('unknown keys stop a run, and the message says how to go on', async () => {
  const { code, stderr } = await runCli(['discover', '--model', model, ...search]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/config\.json: unknown keys "my_notes", "rope_thing": .*--ignore-config my_notes,rope_thing/);
});

test('info, circuit, details and scores say which keys were ignored; another list is another run', async () => {
  const ignore = ['--model', model, '--ignore-config', 'rope_thing,my_notes'];
  const info = await runCli(['info', ...ignore]);
  expect(info.stdout).toMatch(/ignored in config\.json +my_notes, rope_thing\n/);
  expect(info.stderr).toContain('note: "rope_thing" of config.json is ignored');

  const out = join(folder.path, 'found');
  const found = await runCli(['discover', ...ignore, ...search, '--out', out]);
  expect(found.code).toBe(0);
  const circuit = parseCircuit(await readFile(join(out, 'circuit.json'), 'utf8'), 'c');
  expect(circuit.provenance?.model.ignored).toEqual(['my_notes', 'rope_thing']);
  const details = JSON.parse(await readFile(join(out, 'details.json'), 'utf8')) as { of: { ignored: string[] } };
  expect(details.of.ignored).toEqual(['my_notes', 'rope_thing']);

  const other = ['--model', model, '--ignore-config', 'rope_thing,my_notes,author'];
  const again = await runCli(['discover', ...other, ...search, '--out', out]);
  expect(again.stderr).toContain('holds the result of a run that differs in model');
  expect((await runCli(['discover', ...ignore, ...search, '--out', out])).code).toBe(0);

  const scored = join(folder.path, 'scored');
  const attribute = ['attribute', ...ignore, '--task', 'ioi', '--prompts', '2', '--method', 'eap', '--out', scored];
  expect((await runCli(attribute)).code).toBe(0);
  const scores = parseCircuit(await readFile(join(scored, 'scores.json'), 'utf8'), 's');
  expect(scores.scores?.provenance?.model.ignored).toEqual(['my_notes', 'rope_thing']);
});
