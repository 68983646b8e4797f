/** In which order ACDC goes through edges. */
import { describe, expect, test } from 'vitest';
import { SENDER_HEADS } from '../../../src/circuit/run-identity.js';
import { Topology } from '../../../src/circuit/topology.js';
import { acdcOrder } from '../../../src/discover/acdc-order.js';
import type { AcdcOptions } from '../../../src/discover/acdc.js';

const topology = new Topology({ layers: 2, heads: 2, parallel: false });
const names = (edges: Iterable<number>, of = topology): string[] => [...edges].map((id) => of.edgeName(id));

describe('order', () => {
  const receivers = (directEdges: boolean): string[] =>
    acdcOrder(topology, 'descending', directEdges).map(({ kind, port }) =>
      kind === 'direct' ? `${topology.portName(port)} direct` : topology.portName(port),
    );
  const senders = (port: string, senderHeads: AcdcOptions['senderHeads']): string[] => {
    const found = acdcOrder(topology, senderHeads, true).find(
      (receiver) => receiver.kind === 'port' && topology.portName(receiver.port) === port,
    );
    return names(found!.edges).map((name) => name.slice(0, name.indexOf('->')));
  };

  test('receivers: logits, then per layer its MLP, its direct edges, its v, k and q ports, heads from the last', () => {
    const heads = (layer: number, suffix: string): string[] =>
      ['v', 'k', 'q'].flatMap((branch) => [1, 0].map((head) => `a${layer}.h${head}<${branch}>${suffix}`));
    expect(receivers(true)).toEqual([
      'logits',
      'm1',
      ...heads(1, ' direct'),
      ...heads(1, ''),
      'm0',
      ...heads(0, ' direct'),
      ...heads(0, ''),
    ]);
    expect(receivers(false)).toEqual(['logits', 'm1', ...heads(1, ''), 'm0', ...heads(0, '')]);
  });

  test('senders: from the nearest layer back, the MLP before the heads, heads either way, input last', () => {
    expect(senders('logits', 'descending')).toEqual(['m1', 'a1.h1', 'a1.h0', 'm0', 'a0.h1', 'a0.h0', 'input']);
    expect(senders('logits', 'ascending')).toEqual(['m1', 'a1.h0', 'a1.h1', 'm0', 'a0.h0', 'a0.h1', 'input']);
    expect(senders('m1', 'descending')).toEqual(['a1.h1', 'a1.h0', 'm0', 'a0.h1', 'a0.h0', 'input']);
    expect(senders('a1.h0<k>', 'ascending')).toEqual(['m0', 'a0.h0', 'a0.h1', 'input']);
    expect(senders('m0', 'descending')).toEqual(['a0.h1', 'a0.h0', 'input']);
    expect(senders('a0.h1<v>', 'descending')).toEqual(['input']);
  });

  test('every edge is listed once', () => {
    for (const senderHeads of SENDER_HEADS) {
      const edges = acdcOrder(topology, senderHeads, true).flatMap((receiver) => receiver.edges);
      expect([...edges].sort((a, b) => a - b)).toEqual(Array.from({ length: topology.edgeCount }, (_, id) => id));
    }
  });

  test('a port that several heads read comes once, the last group first', () => {
    const grouped = new Topology({ layers: 1, heads: 4, kvPorts: 2, parallel: false });
    const order = acdcOrder(grouped, 'descending', true);
    const ports = ['kv1<v>', 'kv0<v>', 'kv1<k>', 'kv0<k>', 'h3<q>', 'h2<q>', 'h1<q>', 'h0<q>'];
    expect(order.map(({ kind, port }) => `${grouped.portName(port)}${kind === 'direct' ? ' direct' : ''}`)).toEqual([
      'logits',
      'm0',
      ...ports.map((port) => `a0.${port} direct`),
      ...ports.map((port) => `a0.${port}`),
    ]);
    const edges = order.flatMap((receiver) => receiver.edges);
    expect([...edges].sort((a, b) => a - b)).toEqual(Array.from({ length: grouped.edgeCount }, (_, id) => id));
  });

  test('a head does not feed the MLP of its own layer where both read the same stream', () => {
    const parallel = new Topology({ layers: 2, heads: 2, parallel: true });
    const mlp = acdcOrder(parallel, 'descending', false).find((receiver) => receiver.port === parallel.mlpPort(1));
    expect(names(mlp!.edges, parallel)).toEqual(['m0->m1', 'a0.h1->m1', 'a0.h0->m1', 'input->m1']);
  });
});
