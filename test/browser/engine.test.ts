import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { Topology } from '../../src/circuit/topology.js';
import type { Evaluation } from '../../src/index.js';
import { open } from '../../src/node/index.js';
import { browserPath, runInBrowser } from '../support/browser.js';
import type { Input } from './pages/evaluate-circuit.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** A GPT-2, and a Llama whose key/value heads are shared and whose weights are stored as bf16. */
const MODELS = [
  { name: 'share4l', model: 'test/golden/share4l', task: 'test/golden/share4l/ioi.jsonl' },
  { name: 'tasks-4l-llama', model: 'models/tasks-4l-llama', task: 'models/tasks-4l-llama/long-names/ioi.jsonl' },
] as const;
const PROMPTS = 4;

/** Every third edge cut. */
function someCircuit(topology: Topology): EdgeSet {
  return EdgeSet.where(topology, (id) => id >= topology.additionEdges || id % 3 !== 0);
}

async function evaluateInNode(model: string, task: string): Promise<Evaluation> {
  const edgewise = await open(model);
  try {
    const pairs = await edgewise.task(task, { prompts: PROMPTS, answers: 'first-token' });
    return await edgewise.evaluate(pairs, someCircuit(edgewise.engine.topology));
  } finally {
    await edgewise.close();
  }
}

describe.skipIf(browserPath === undefined)('in headless Chromium', () => {
  test.each(MODELS)("$name: a circuit's metrics are Node's to 1e-5", async (files) => {
    const [model, task] = [join(root, files.model), join(root, files.task)];
    const heads = files.name === 'share4l' ? 4 : 8;
    const topology = new Topology({ layers: 4, heads, parallel: false });
    const kept = someCircuit(topology);
    // Below the repository, because the page is served from there.
    mkdirSync(join(root, 'dist'), { recursive: true });
    const folder = mkdtempSync(join(root, 'dist/browser-test-'));
    try {
      const circuit = join(folder, 'circuit.json');
      const edges = Array.from({ length: topology.additionEdges }, (_, id) => [
        topology.edgeName(id),
        { in_graph: kept.has(id) },
      ]);
      writeFileSync(circuit, JSON.stringify({ edges: Object.fromEntries(edges) }));
      const served = (path: string): string => `/${relative(root, path)}`;
      const input: Input = { model: served(model), task: served(task), prompts: PROMPTS, circuit: served(circuit) };
      const page = fileURLToPath(new URL('pages/evaluate-circuit.ts', import.meta.url));
      const inBrowser = await runInBrowser<Evaluation>(page, input);
      const inNode = await evaluateInNode(model, task);
      expect(inNode.circuit).toBeGreaterThan(0.1);
      for (const figure of ['clean', 'corrupted', 'circuit', 'faithfulness'] as const) {
        const off = Math.abs(inBrowser[figure]! - inNode[figure]!);
        if (!(off <= 1e-5 * Math.max(1, Math.abs(inNode[figure]!)))) {
          expect.fail(`${figure}: ${inBrowser[figure]} in the browser, ${inNode[figure]} in Node`);
        }
      }
      expect(inBrowser.accuracy).toEqual(inNode.accuracy);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
