/** The shipped circuits as ACDC reads our files of them, measured. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { CIRCUIT_WRITERS, openCircuit, type Edgewise } from '../../src/index.js';
import { open } from '../../src/node/index.js';
import { keptByAcdc } from '../support/foreign-readers.js';
import { useFolder } from '../support/cli.js';

const GRAPHS = fileURLToPath(new URL('../../graphs/', import.meta.url));
const names = readdirSync(GRAPHS).filter((name) => name.endsWith('.acdc.json'));
const folder = useFolder();

describe.each(['tasks-4l', 'tasks-4l-llama'])('%s', (model) => {
  let edgewise: Edgewise;
  beforeAll(async () => {
    process.env['EDGEWISE_CACHE'] = folder.path;
    edgewise = await open(model, { tile: 'register-8' });
    return async () => {
      delete process.env['EDGEWISE_CACHE'];
      await edgewise.close();
    };
  });

  const own = names.filter((name) => name.startsWith(`${model}.`));
  test.each(own)('the circuit that ACDC makes of its export has the metric that was found: %s', async (name) => {
    const { circuit } = openCircuit(readFileSync(`${GRAPHS}${name}`, 'utf8'), name);
    const { topology, provenance } = circuit;
    const { task, prompts, metrics } = provenance!;
    const kept = EdgeSet.of(topology, [...keptByAcdc(CIRCUIT_WRITERS.acdc(circuit), topology)]);
    const read = await edgewise.task(task.name, { prompts: prompts.count, skip: prompts.skip });
    const [there, here] = [await edgewise.evaluate(read, { ...circuit, kept }), await edgewise.evaluate(read, circuit)];
    expect(Math.abs(there.circuit - here.circuit)).toBeLessThanOrEqual(1e-5);
    expect(Math.abs(there.circuit - metrics.final!)).toBeLessThanOrEqual(1e-5);
  });

  test('has circuits', () => expect(own.length).toBeGreaterThanOrEqual(3));
});
