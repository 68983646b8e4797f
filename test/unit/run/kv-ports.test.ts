/** One key and value port per query head, or per key/value head: which graph a model has, and what identifies a run. */
import { describe, expect, it } from 'vitest';

import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { withKvPorts, type LoadedModel } from '../../../src/model/load-model.js';
import { gpt2Spec, randomModel } from '../../../src/model/random-model.js';
import { refuseOtherShape, taskIdentity, topologyOf } from '../../../src/run/identity.js';
import type { Task } from '../../../src/task/types.js';

const SIZES = { layers: 2, heads: 4, headWidth: 4, mlpWidth: 32, vocab: 11, maxPositions: 8 };
const own = await randomModel(gpt2Spec(SIZES), 1);
const model: LoadedModel = { ...own, spec: { ...own.spec, kvHeads: 2 } };
const task: Task = { name: 't', source: 't', hash: 'h', skip: 0, pairs: [], tokenizer: null } as unknown as Task;
const options = { metric: 'kl', ablation: 'resample', input: 'token' } as const;

describe('ports of keys and values', () => {
  it('are of query heads, unless key/value heads are asked for', () => {
    expect(topologyOf(model).kvPorts).toBe(4);
    const grouped = withKvPorts(model, 'grouped');
    expect(topologyOf(grouped).kvPorts).toBe(2);
    expect(topologyOf(withKvPorts(grouped, 'per-head')).kvPorts).toBe(4);
  });

  it('are the same where every head has its own, and asking for others says so', () => {
    expect(() => withKvPorts(own, 'grouped')).toThrow(
      /^kv-ports grouped: .* has 4 key\/value heads for 4 heads: its ports per head are those of its key\/value heads$/,
    );
  });

  it('tell runs apart, and leave no trace in runs of ports per head', () => {
    expect(taskIdentity(withKvPorts(model, 'grouped'), task, options).kvPorts).toBe('grouped');
    expect(JSON.stringify(taskIdentity(model, task, options))).not.toContain('kvPorts');
  });

  it('of a circuit must be those of the run', () => {
    const [perHead, grouped] = [topologyOf(model), topologyOf(withKvPorts(model, 'grouped'))];
    expect(() => refuseOtherShape(perHead, EdgeSet.full(grouped))).toThrow(
      'was found with kv-ports grouped, this run has kv-ports per-head',
    );
    expect(() => refuseOtherShape(grouped, EdgeSet.full(perHead))).toThrow(
      'was found with kv-ports per-head, this run has kv-ports grouped',
    );
  });
});
