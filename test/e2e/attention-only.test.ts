/** A folder without MLPs: described, searched, measured, and its circuit written in other formats. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { memorySource } from '../../src/checkpoint/byte-source.js';
import { readSafetensorsHeader } from '../../src/checkpoint/safetensors.js';
import { cli, cliJson, useFolder } from '../support/cli.js';
import { writeSafetensors, type TensorToWrite } from '../support/safetensors-writer.js';

const folder = useFolder();
let model: string;
let found: string;
const task = ['--task', 'induction', '--prompts', '4'];

beforeAll(async () => {
  model = join(folder.path, 'attn-4l');
  await cp('models/tasks-4l', model, { recursive: true });
  const bytes = await readFile(join(model, 'model.safetensors'));
  const tensors: Record<string, TensorToWrite> = {};
  for (const { name, type, shape, offset, bytes: size } of (
    await readSafetensorsHeader(memorySource('m', bytes))
  ).values()) {
    if (/\.(mlp|ln_2)\./.test(name)) continue;
    tensors[name] = { dtype: type, shape, bytes: new Uint8Array(bytes.subarray(offset, offset + size)) };
  }
  await writeFile(join(model, 'model.safetensors'), writeSafetensors(tensors));
  found = join(folder.path, 'found');
});

test('info counts its edges', async () => {
  expect(await cli(['info', '--model', model])).toMatch(
    /MLP +none: attention only[^]*edges +1,281 \(1,377 with direct/,
  );
});

test('discover and evaluate; the circuit survives other formats', async () => {
  const alone = ['--no-details', '--no-in-circuit'];
  await cli(['discover', '--model', model, ...task, '--threshold', '0.05', ...alone, '--out', found]);
  const path = join(found, 'circuit.json');
  const { cfg, nodes } = JSON.parse(await readFile(path, 'utf8')) as {
    cfg: Record<string, unknown>;
    nodes: Record<string, unknown>;
  };
  expect(cfg).toMatchObject({ n_layers: 4, n_heads: 8, attn_only: true });
  expect(Object.keys(nodes)).toHaveLength(34);
  const measured = await cliJson(['evaluate', '--model', model, ...task, '--circuit', path]);
  for (const format of ['gexf', 'graphml', 'node-link', 'eap-ig']) {
    const out = join(folder.path, `c.${format}`);
    await cli(['export', path, '--format', format, '--out', out]);
    const evaluate = ['evaluate', '--model', model, ...task, '--metric', 'kl', '--circuit', out];
    expect(await cliJson(evaluate)).toEqual(measured);
  }
});
