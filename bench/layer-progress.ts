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

/** Turns a search's progress into one call of `onLayer` per layer, when it is done, from the logits back. */
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
  let seen = { tested: 0, kept: 0 };
  let reported = seen;
  const report = (): void => {
    const [layer] = ends.shift()!;
    const [tested, kept] = [seen.tested - reported.tested, seen.kept - reported.kept];
    onLayer({ layer, tested, kept, testedInAll: seen.tested, keptInAll: seen.kept });
    reported = seen;
  };
  return (progress) => {
    // What was decided without tests comes before the tests that are new here.
    while (ends.length > 0 && progress.decided > ends[0]![1]) report();
    seen = progress;
    while (ends.length > 0 && progress.decided >= ends[0]![1]) report();
  };
}

/** The layer of a port; the logits come after the last. */
export function receiverLayer(topology: Topology, port: number): number {
  const receiver = topology.ports[port]!;
  return receiver.kind === 'logits' ? topology.layers : receiver.layer;
}
