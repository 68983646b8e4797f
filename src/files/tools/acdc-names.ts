import type { Circuit } from '../../circuit/circuit.js';
import type { Port, Writer } from '../../circuit/nodes.js';
import { jsonFile } from '../../base/json/entry-lines.js';
import { refuseSharedPorts } from './per-head-ports.js';

/** A node of ACDC: the hook's name, and its index into it; null = all of a dimension. */
type HookedNode = readonly [name: string, index: readonly (number | null)[]];

/**
 * The kept edges in the names of the reference ACDC: what its `save_edges` pickles, as JSON. One edge a line,
 * `[[receiver, index, sender, index], effect]`, effect null where the edge was not tested.
 *
 * ACDC takes every edge for absent that is not listed. So direct edges are listed in any case: where none was decided
 * on, all of them are kept. Its placeholder edges, which are never tested, are not listed.
 *
 * @throws EdgewiseError kind `circuit` where heads share key and value ports.
 */
export function writeAcdcNames(circuit: Circuit): string {
  const { topology, kept, effects } = circuit;
  refuseSharedPorts(topology, 'ACDC');
  const lines: string[] = [];
  for (const id of kept) {
    const edge = topology.edge(id);
    const port = topology.ports[edge.port]!;
    const [receiver, sender] =
      edge.kind === 'direct'
        ? [projectionHook(port), receiverHook(port, topology.layers)]
        : [receiverHook(port, topology.layers), senderHook(topology.writers[edge.writer]!)];
    // JSON has no NaN: null.
    lines.push(JSON.stringify([[...receiver, ...sender], effects[id]]));
  }
  return jsonFile('[]', lines);
}

function senderHook(writer: Writer): HookedNode {
  switch (writer.kind) {
    case 'input':
      return ['blocks.0.hook_resid_pre', [null]];
    case 'head':
      return [`blocks.${writer.layer}.attn.hook_result`, [null, null, writer.head]];
    case 'mlp':
      return [`blocks.${writer.layer}.hook_mlp_out`, [null]];
  }
}

function receiverHook(port: Port, layers: number): HookedNode {
  switch (port.kind) {
    case 'head':
      return [`blocks.${port.layer}.hook_${port.branch}_input`, [null, null, port.head]];
    case 'kv': // refused before
    case 'mlp':
      return [`blocks.${port.layer}.hook_mlp_in`, [null]];
    case 'logits':
      return [`blocks.${layers - 1}.hook_resid_post`, [null]];
  }
}

/** The query, key or value itself, behind the port. */
function projectionHook(port: Port): HookedNode {
  if (port.kind !== 'head') return receiverHook(port, 0);
  return [`blocks.${port.layer}.attn.hook_${port.branch}`, [null, null, port.head]];
}
