import { describe, expect, test } from 'vitest';
import { createRng } from '../../../src/base/rng.js';
import { EdgeSet } from '../../../src/circuit/edge-set.js';
import { allNodesInUse, REACH, nodesInUse, type Reach, type NodesInUse } from '../../../src/circuit/reachability.js';
import { Topology } from '../../../src/circuit/topology.js';
import { staleNodes, type ResidentCircuit } from '../../../src/pass/stale-nodes.js';

// Positions of a prompt as far as a pass tells them apart: before the first difference, from there on, and the metric
// position.
const POSITIONS = ['prefix', 'differing', 'metric'] as const;
type Position = (typeof POSITIONS)[number];
type Values = Record<Position, string>;

/** What a slot holds, values told apart by how they came about. */
interface Slot {
  readonly writers: Values[];
  readonly ports: Values[];
}

const everywhere = (value: string): Values => ({ prefix: value, differing: value, metric: value });
const empty = (topology: Topology): Slot => ({
  writers: topology.writers.map((writer) => everywhere(writer.kind === 'input' ? 'input' : 'nothing')),
  ports: topology.ports.map(() => everywhere('nothing')),
});

const inside = (reach: Reach): readonly Position[] =>
  reach === REACH.every
    ? POSITIONS
    : reach === REACH.differing
      ? ['differing', 'metric']
      : reach === REACH.metric
        ? ['metric']
        : [];

function inputOf(circuit: EdgeSet, port: number, slot: Slot, at: Position): string {
  // Before the first difference every circuit has what the whole model has: a cut changes nothing there.
  if (at === 'prefix') return `prefix of ${port}`;
  const { topology } = circuit;
  const first = topology.firstEdge(port);
  const parts = Array.from({ length: topology.fanIn(port) }, (_, u) =>
    circuit.has(first + u) ? slot.writers[u]![at] : '-',
  );
  return hash(parts.join());
}

/** Does what the kernels do: computes the nodes that it is told to, where it is told to, from what the slot holds. */
function run(circuit: EdgeSet, compute: NodesInUse, slot: Slot): string {
  const { topology } = circuit;
  for (let layer = 0; layer < topology.layers; layer++) {
    for (let head = 0; head < topology.heads; head++) {
      const writer = topology.headWriter(layer, head);
      const ports = (['q', 'k', 'v'] as const).map((branch) => topology.headPort(layer, branch, head));
      const reach = compute.writers[writer]!;
      ports.forEach((port, branch) => {
        for (const at of inside(compute.ports[port]!)) slot.ports[port]![at] = inputOf(circuit, port, slot, at);
        if (reach === REACH.none || circuit.has(topology.directEdge(port))) return;
        for (const at of inside(branch === 0 || reach !== REACH.metric ? reach : REACH.differing)) {
          slot.ports[port]![at] = at === 'prefix' ? `prefix of ${port}` : 'ablated';
        }
      });
      const [q, k, v] = ports.map((port) => slot.ports[port]!) as [Values, Values, Values];
      for (const at of inside(reach)) {
        const seen = POSITIONS.slice(0, POSITIONS.indexOf(at) + 1).map((from) => `${k[from]} ${v[from]}`);
        slot.writers[writer]![at] = hash([q[at], ...seen].join());
      }
    }
    const [mlp, port] = [topology.mlpWriter(layer), topology.mlpPort(layer)];
    expect(compute.ports[port]).toBe(compute.writers[mlp]);
    for (const at of inside(compute.writers[mlp]!)) slot.writers[mlp]![at] = inputOf(circuit, port, slot, at);
  }
  return inputOf(circuit, topology.logitsPort, slot, 'metric');
}

function hash(text: string): string {
  let h = 2166136261;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
  return (h >>> 0).toString(36);
}

/** A slot that holds the whole model, and what is known of it. */
function whole(topology: Topology): { readonly slot: Slot; readonly resident: ResidentCircuit } {
  const slot = empty(topology);
  const circuit = EdgeSet.full(topology);
  const all = allNodesInUse(topology);
  run(circuit, all, slot);
  return { slot, resident: { circuit, ...all } };
}

describe.each([false, true])('parallel %s', (parallel) => {
  const topology = new Topology({ layers: 3, heads: 3, parallel });

  test('circuits in any order give what each gives when all of it is computed', () => {
    const rng = createRng(parallel ? 1 : 2);
    const { slot, resident } = whole(topology);
    let last = resident;
    let circuit = EdgeSet.full(topology);
    let computed = 0;
    for (let i = 0; i < 1500; i++) {
      if (i % 40 === 0) {
        const density = rng.next();
        circuit = EdgeSet.where(topology, (id) => rng.next() < (id < topology.additionEdges ? density : 0.8));
      } else {
        const id = rng.below(topology.edgeCount);
        circuit = circuit.has(id) ? circuit.without(id) : circuit.with(id);
      }
      const use = nodesInUse(circuit);
      const alone = run(circuit, { ...allNodesInUse(topology) }, whole(topology).slot);
      const { compute, resident: now } = staleNodes(circuit, use, last);
      expect(run(circuit, compute, slot), `circuit ${i}`).toBe(alone);
      last = now;
      computed += compute.writers.filter((reach) => reach !== REACH.none).length;
    }
    expect(computed).toBeLessThan((1500 * topology.writers.length) / 3);
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
    const { resident } = staleNodes(circuit, nodesInUse(circuit), whole(topology).resident);
    const after = (name: string): string[] => {
      const next = circuit.without(topology.edgeId(name)!);
      const { compute } = staleNodes(next, nodesInUse(next), resident);
      const at = { [REACH.differing]: ' up to it', [REACH.metric]: '' } as Record<Reach, string>;
      return [
        ...compute.writers.flatMap((reach, w) => (reach ? [topology.writerName(w) + at[reach]] : [])),
        ...compute.ports.flatMap((reach, p) => (reach ? [topology.portName(p) + at[reach]] : [])),
      ];
    };
    expect(after('input->a0.h1<v>')).toEqual(['a0.h1', 'a1.h2', 'm2', 'a0.h1<v> up to it', 'a1.h2<q>', 'm2', 'logits']);
    expect(after('input->a1.h2<v>')).toEqual(['a1.h2', 'm2', 'a1.h2<v> up to it', 'm2', 'logits']);
    expect(after('input->m2')).toEqual(['m2', 'm2', 'logits']);
    expect(after('m2->logits')).toEqual(['logits']);
  });
});
