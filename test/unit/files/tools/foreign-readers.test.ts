import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import type { Circuit } from '../../../../src/circuit/circuit.js';
import { CIRCUIT_WRITERS, openCircuit, openImport } from '../../../../src/files/index.js';
import { sharedFixtures } from '../../../support/fixtures.js';
import { keptByAcdc, keptByEapIg, keptByEdgePruning } from '../../../support/foreign-readers.js';

const GRAPHS = fileURLToPath(new URL('../../../../graphs/', import.meta.url));
const names = readdirSync(GRAPHS).filter((name) => name.endsWith('.acdc.json'));
const shipped = (name: string): Circuit => openCircuit(readFileSync(`${GRAPHS}${name}`, 'utf8'), name).circuit;
const addition = (circuit: Circuit): number[] => [...circuit.kept].filter((id) => id < circuit.topology.additionEdges);

describe('a shipped circuit, read by the rules of another program', () => {
  it('is one of nine, of both shipped models', () => {
    expect(names).toHaveLength(9);
    expect(names.filter((name) => name.startsWith('tasks-4l-llama.'))).toHaveLength(3);
  });

  it.each(names)('is the same circuit in ACDC: %s', (name) => {
    const circuit = shipped(name);
    const kept = keptByAcdc(CIRCUIT_WRITERS.acdc(circuit), circuit.topology);
    expect([...kept].toSorted((a, b) => a - b)).toEqual([...circuit.kept]);
    expect(kept.size).toBe(addition(circuit).length + circuit.topology.directEdges);
  });

  it.each(names)('is the same circuit in EAP-IG and MIB, from both files: %s', (name) => {
    const circuit = shipped(name);
    for (const format of ['eap-ig', 'json'] as const) {
      const kept = keptByEapIg(CIRCUIT_WRITERS[format](circuit), circuit.topology);
      expect([...kept].toSorted((a, b) => a - b)).toEqual(addition(circuit));
    }
  });

  it.each(names)('is the same circuit in Edge Pruning: %s', (name) => {
    const circuit = shipped(name);
    const kept = keptByEdgePruning(CIRCUIT_WRITERS['edge-pruning'](circuit), circuit.topology);
    expect([...kept].toSorted((a, b) => a - b)).toEqual(addition(circuit));
  });
});

describe('a file whose nodes are booleans, as EAP-IG wrote them before 2025 and KnowledgeCircuits writes them', () => {
  const edge = (score: number): object => ({ score, in_graph: true });
  const text = JSON.stringify({
    cfg: { n_layers: 1, n_heads: 1, parallel_attn_mlp: false, d_model: 8 },
    nodes: { input: true, 'a0.h0': true, m0: false, logits: true },
    edges: { 'input->a0.h0<q>': edge(0.1), 'input->a0.h0<v>': edge(0.2), 'a0.h0->logits': edge(0.5) },
  });
  const expected = ['a0.h0->logits', 'input->a0.h0<q>', 'input->a0.h0<v>'];

  it('is read as that program reads it: what is not listed is out', () => {
    const { circuit, scores } = openImport(text, 'bool.json', {});
    expect(
      addition(circuit)
        .map((id) => circuit.topology.edgeName(id))
        .toSorted(),
    ).toEqual(expected);
    expect(addition(circuit)).toEqual([...keptByEapIg(text, circuit.topology)].toSorted((a, b) => a - b));
    expect([scores?.nodes, scores?.values[circuit.topology.edgeId('a0.h0->logits')!]]).toEqual([null, 0.5]);
  });

  const shared = sharedFixtures === undefined ? '' : `${sharedFixtures}interop/bool-nodes-min.json`;
  it.skipIf(!existsSync(shared))('is read where the program itself wrote it', () => {
    const { circuit } = openImport(readFileSync(shared, 'utf8'), shared, {});
    expect(addition(circuit)).toHaveLength(4);
  });
});
