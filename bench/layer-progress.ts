import type { Topology } from '../src/circuit/topology.js';
import type { AcdcProgress } from '../src/discover/acdc.js';
import { acdcOrder } from '../src/discover/acdc-order.js';
import type { SenderHeads } from '../src/circuit/run-identity.js';

/** What a search did with the edges into one layer; of the logits, `layer` is the number of layers. */
export interface LayerCounts {
  readonly layer: number;
  readonly tested: number;
  readonly kept: number;
  /** Tested and kept so far, in all layers that are done. */
  readonly testedInAll: number;
  readonly keptInAll: number;
}

/**
 * Turns a search's progress into one call of `onLayer` per layer, when it is done, from the logits back. Where tests of
 * several layers are made in one submission, they all count as the first one's.
 */
export function perLayer(
  topology: Topology,
  { senderHeads, directEdges }: { readonly senderHeads: SenderHeads; readonly directEdges: boolean },
  onLayer: (counts: LayerCounts) => void,
): (progress: AcdcProgress) => void {
  /** Edges decided once all of a layer are: [layer, count]. */
  const ends: [number, number][] = [];
  let edges = 0;
  for (const receiver of acdcOrder(topology, senderHeads, directEdges)) {
    const layer = receiverLayer(topology, receiver.port);
    edges += receiver.edges.length;
    if (ends.at(-1)?.[0] === layer) ends.at(-1)![1] = edges;
    else ends.push([layer, edges]);
  }
  let [tested, kept] = [0, 0];
  return (progress) => {
    // Edges that are decided without tests are counted with the test before them.
    while (ends.length > 0 && progress.decided >= ends[0]![1]) {
      const [layer] = ends.shift()!;
      onLayer({
        layer,
        tested: progress.tested - tested,
        kept: progress.kept - kept,
        testedInAll: progress.tested,
        keptInAll: progress.kept,
      });
      [tested, kept] = [progress.tested, progress.kept];
    }
  };
}

/** The layer of a port; the logits come after the last. */
export function receiverLayer(topology: Topology, port: number): number {
  const receiver = topology.ports[port]!;
  return receiver.kind === 'logits' ? topology.layers : receiver.layer;
}
