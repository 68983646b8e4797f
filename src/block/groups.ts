import type { Topology } from '../circuit/topology.js';

// Writers and ports of a model, by the residual stream that they share. A stream is the residual stream at one place:
// the sum of the writers before it. Streams are numbered in their order, from 0. This file alone knows the numbers.

/** Writers that add to the residual stream at the same place. Group g makes stream g out of the stream before it. */
export interface WriterGroup {
  /** Number of the group, and of the stream that it makes. */
  readonly index: number;
  readonly kind: 'input' | 'heads' | 'mlp';
  /** 0 for `input`. */
  readonly layer: number;
  readonly firstWriter: number;
  readonly writers: number;
  /** Attention output biases in the stream before the group, and in the stream after it: those of so many layers. */
  readonly biases: { readonly before: number; readonly after: number };
}

/** All groups in the order of the forward pass: the input, then per layer its heads and its MLP, if it has one. */
export function writerGroups(topology: Topology): readonly WriterGroup[] {
  const groups: WriterGroup[] = [];
  const add = (group: Omit<WriterGroup, 'index'>): void => void groups.push({ index: groups.length, ...group });
  add({ kind: 'input', layer: 0, firstWriter: 0, writers: 1, biases: { before: 0, after: 0 } });
  for (let layer = 0; layer < topology.layers; layer++) {
    add({
      kind: 'heads',
      layer,
      firstWriter: topology.headWriter(layer, 0),
      writers: topology.heads,
      biases: { before: layer, after: layer + 1 },
    });
    if (topology.attentionOnly) continue;
    const firstWriter = topology.mlpWriter(layer);
    add({ kind: 'mlp', layer, firstWriter, writers: 1, biases: { before: layer + 1, after: layer + 1 } });
  }
  return groups;
}

/** Ports that read one stream: the heads of a layer, an MLP, or the logits. */
export interface PortGroup {
  /** Number of the group among the port groups. */
  readonly index: number;
  readonly kind: 'heads' | 'mlp' | 'logits';
  /** L for the logits. */
  readonly layer: number;
  /** The stream that they read. */
  readonly reads: number;
  /** The writer group that they feed; undefined for the logits. */
  readonly feeds: number | undefined;
  /** Attention output biases in the stream that they read: those of so many layers. */
  readonly biases: number;
  readonly firstPort: number;
  readonly ports: number;
}

/** All port groups in the order of the forward pass: per layer its heads and its MLP, if any, then the logits. */
export function portGroups(topology: Topology): readonly PortGroup[] {
  const groups: PortGroup[] = [];
  const writers = writerGroups(topology);
  const add = (kind: PortGroup['kind'], layer: number, firstPort: number, ports: number): void => {
    const fed = writers.find((group) => group.kind === kind && group.layer === layer);
    const fanIn = topology.fanIn(firstPort);
    const read = writers.find(({ firstWriter, writers: count }) => firstWriter + count === fanIn)!;
    groups.push({
      index: groups.length,
      kind,
      layer,
      reads: read.index,
      feeds: fed?.index,
      biases: read.biases.after,
      firstPort,
      ports,
    });
  };
  for (let layer = 0; layer < topology.layers; layer++) {
    add('heads', layer, topology.headPort(layer, 'q', 0), topology.attentionPorts);
    for (const port of topology.mlpPorts(layer)) add('mlp', layer, port, 1);
  }
  add('logits', topology.layers, topology.logitsPort, 1);
  return groups;
}
