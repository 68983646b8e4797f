import type { Topology } from '../circuit/topology.js';

/**
 * Writers that add to the residual stream at the same place: group 0 is `input`, group 1 + 2l the heads of layer l, group
 * 2 + 2l its MLP. Stream g is the residual stream after group g: attention l reads stream 2l, MLP l stream 2l + 1, the
 * logits the last.
 */
export interface WriterGroup {
  readonly index: number;
  readonly kind: 'input' | 'heads' | 'mlp';
  /** 0 for `input`. */
  readonly layer: number;
  readonly firstWriter: number;
  readonly writers: number;
}

/** All groups in order: 2L + 1 of them. */
export function writerGroups(topology: Topology): readonly WriterGroup[] {
  const groups: WriterGroup[] = [{ index: 0, kind: 'input', layer: 0, firstWriter: 0, writers: 1 }];
  for (let layer = 0; layer < topology.layers; layer++) {
    groups.push({
      index: 1 + 2 * layer,
      kind: 'heads',
      layer,
      firstWriter: topology.headWriter(layer, 0),
      writers: topology.heads,
    });
    groups.push({ index: 2 + 2 * layer, kind: 'mlp', layer, firstWriter: topology.mlpWriter(layer), writers: 1 });
  }
  return groups;
}

/** Ports that read one stream: the heads of a layer, an MLP, or the logits. */
export interface PortGroup {
  readonly kind: 'heads' | 'mlp' | 'logits';
  /** L for the logits. */
  readonly layer: number;
  /** The stream that they read; group `stream + 1` is what they feed. */
  readonly stream: number;
  readonly firstPort: number;
  readonly ports: number;
}

/** All port groups in the order of the forward pass; their index is the stream that they read. */
export function portGroups(topology: Topology): readonly PortGroup[] {
  const groups: PortGroup[] = [];
  for (let layer = 0; layer < topology.layers; layer++) {
    const firstPort = topology.headPort(layer, 'q', 0);
    groups.push({ kind: 'heads', layer, stream: 2 * layer, firstPort, ports: 3 * topology.heads });
    groups.push({ kind: 'mlp', layer, stream: 2 * layer + 1, firstPort: topology.mlpPort(layer), ports: 1 });
  }
  const { layers: layer, logitsPort: firstPort } = topology;
  groups.push({ kind: 'logits', layer, stream: 2 * layer, firstPort, ports: 1 });
  return groups;
}
