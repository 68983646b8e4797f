import { describe, expect, it } from 'vitest';

import { keptEdges } from '../../../../src/circuit/circuit.js';
import { CIRCUIT_WRITERS } from '../../../../src/files/index.js';
import { SAMPLE_KEPT, SAMPLE_TOPOLOGY, sampleCircuit, sampleDirectCircuit } from '../../../support/sample-circuit.js';

describe("ACDC's names", () => {
  it('is written as ever', async () => {
    const text = CIRCUIT_WRITERS['acdc'](sampleDirectCircuit());
    expect(CIRCUIT_WRITERS['acdc'](sampleDirectCircuit())).toBe(text);
    await expect(text).toMatchFileSnapshot('../../../golden/export/acdc.json');
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
    JSON.parse(text);
  });

  it('are those of its hooks', () => {
    const edges = JSON.parse(CIRCUIT_WRITERS.acdc(sampleDirectCircuit())) as [unknown[], number | null][];
    expect(edges).toHaveLength(keptEdges(sampleDirectCircuit()));
    expect(edges).toContainEqual([
      ['blocks.1.hook_q_input', [null, null, 0], 'blocks.0.attn.hook_result', [null, null, 1]],
      0.125,
    ]);
    expect(edges).toContainEqual([['blocks.1.hook_resid_post', [null], 'blocks.1.hook_mlp_out', [null]], 0.5]);
    expect(edges).toContainEqual([['blocks.1.hook_mlp_in', [null], 'blocks.0.hook_mlp_out', [null]], 1e-13]);
    expect(edges).toContainEqual([['blocks.0.hook_v_input', [null, null, 1], 'blocks.0.hook_resid_pre', [null]], 0.3]);
    expect(edges).toContainEqual([
      ['blocks.1.attn.hook_q', [null, null, 0], 'blocks.1.hook_q_input', [null, null, 0]],
      0.2,
    ]);
  });

  it('list the direct edges where none was decided on, without an effect: ACDC cuts what is not listed', () => {
    const edges = JSON.parse(CIRCUIT_WRITERS.acdc(sampleCircuit())) as [unknown[], number | null][];
    expect(edges).toHaveLength(Object.keys(SAMPLE_KEPT).length + SAMPLE_TOPOLOGY.directEdges);
    expect(edges).toContainEqual([
      ['blocks.0.attn.hook_v', [null, null, 1], 'blocks.0.hook_v_input', [null, null, 1]],
      null,
    ]);
  });
});
