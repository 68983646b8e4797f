import { describe, expect, test } from 'vitest';
import { createRng } from '../../src/base/rng.js';
import { EdgeSet } from '../../src/circuit/edge-set.js';
import { nodesInUse } from '../../src/circuit/reachability.js';
import { Topology } from '../../src/circuit/topology.js';
import { staleNodes, type ResidentCircuit } from '../../src/exec/stale-nodes.js';

/** What a slot holds, values told apart by how they came about. */
interface Slot {
  readonly writers: string[];
  readonly ports: string[];
}

const empty = (topology: Topology): Slot => ({
  writers: topology.writers.map((writer) => (writer.kind === 'input' ? 'input' : 'nothing')),
  ports: topology.ports.map(() => 'nothing'),
});

function inputOf(circuit: EdgeSet, port: number, slot: Slot): string {
  const { topology } = circuit;
  const first = topology.firstEdge(port);
  const parts = Array.from({ length: topology.fanIn(port) }, (_, u) =>
    circuit.has(first + u) ? slot.writers[u] : '-',
  );
  return hash(parts.join());
}

/** Does what the kernels do: computes the nodes that it is told to, from what the slot holds. */
function run(
  circuit: EdgeSet,
  compute: { writers: readonly boolean[]; ports: readonly boolean[] },
  slot: Slot,
): string {
  const { topology } = circuit;
  for (let layer = 0; layer < topology.layers; layer++) {
    for (let head = 0; head < topology.heads; head++) {
      const writer = topology.headWriter(layer, head);
      const ports = (['q', 'k', 'v'] as const).map((branch) => topology.headPort(layer, branch, head));
      for (const port of ports) {
        if (compute.ports[port]) slot.ports[port] = inputOf(circuit, port, slot);
        if (compute.writers[writer] && !circuit.has(topology.directEdge(port))) slot.ports[port] = 'ablated';
      }
      if (compute.writers[writer]) slot.writers[writer] = hash(ports.map((port) => slot.ports[port]).join());
    }
    const [mlp, port] = [topology.mlpWriter(layer), topology.mlpPort(layer)];
    if (compute.writers[mlp]) {
      expect(compute.ports[port]).toBe(true);
      slot.writers[mlp] = inputOf(circuit, port, slot);
    }
  }
  return inputOf(circuit, topology.logitsPort, slot);
}

function hash(text: string): string {
  let h = 2166136261;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
  return (h >>> 0).toString(36);
}

describe.each([false, true])('parallel %s', (parallel) => {
  const topology = new Topology({ layers: 3, heads: 3, parallel });

  test('circuits in any order give what each gives alone', () => {
    const rng = createRng(parallel ? 1 : 2);
    const slot = empty(topology);
    let last: ResidentCircuit | undefined;
    let circuit = EdgeSet.full(topology);
    let computed = 0;
    for (let i = 0; i < 600; i++) {
      if (i % 40 === 0) {
        const density = rng.next();
        circuit = EdgeSet.where(topology, (id) => rng.next() < (id < topology.additionEdges ? density : 0.8));
      } else {
        const id = rng.below(topology.edgeCount);
        circuit = circuit.has(id) ? circuit.without(id) : circuit.with(id);
      }
      const use = nodesInUse(circuit);
      const alone = run(circuit, use, empty(topology));
      const { compute, resident } = staleNodes(circuit, use, last);
      expect(run(circuit, compute, slot), `circuit ${i}`).toBe(alone);
      last = resident;
      computed += compute.writers.filter(Boolean).length;
    }
    expect(computed).toBeLessThan((600 * topology.writers.length) / 3);
  });

  test('one edge less: its receiver and what is downstream of it over kept edges, nothing else', () => {
    const keep = [
      'input->a0.h1<v>',
      'a0.h1->a1.h2<q>',
      'input->a1.h2<v>',
      'a1.h2->logits',
      'm2->logits',
      'input->m2',
      'a1.h2->m2',
    ];
    const ids = new Set(keep.map((name) => topology.edgeId(name)!));
    const circuit = EdgeSet.where(topology, (id) => ids.has(id) || id >= topology.additionEdges);
    const { resident } = staleNodes(circuit, nodesInUse(circuit), undefined);
    const after = (name: string): string[] => {
      const next = circuit.without(topology.edgeId(name)!);
      const { compute } = staleNodes(next, nodesInUse(next), resident);
      return [
        ...topology.writers.flatMap((_, w) => (compute.writers[w] ? [topology.writerName(w)] : [])),
        ...topology.ports.flatMap((_, p) => (compute.ports[p] ? [topology.portName(p)] : [])),
      ];
    };
    expect(after('input->a0.h1<v>')).toEqual(['a0.h1', 'a1.h2', 'm2', 'a0.h1<v>', 'a1.h2<q>', 'm2', 'logits']);
    expect(after('input->a1.h2<v>')).toEqual(['a1.h2', 'm2', 'a1.h2<v>', 'm2', 'logits']);
    expect(after('input->m2')).toEqual(['m2', 'm2', 'logits']);
    expect(after('m2->logits')).toEqual(['logits']);
  });
});
