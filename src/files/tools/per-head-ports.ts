import { EdgewiseError } from '../../base/errors.js';
import { isGrouped } from '../../circuit/nodes.js';
import type { Topology } from '../../circuit/topology.js';

/**
 * The other programs give every query head its own key and value port.
 *
 * @param program whose file is to be written.
 * @throws EdgewiseError kind `circuit` where groups of heads share ports.
 */
export function refuseSharedPorts(topology: Topology, program: string): void {
  if (!isGrouped(topology)) return;
  const what = `has no key and value ports that heads share, as this file's ${topology.kvPorts} of a layer are; a run with --kv-ports per-head has those of ${program}`;
  throw new EdgewiseError('circuit', program, what);
}
