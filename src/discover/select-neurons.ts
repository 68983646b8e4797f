import { EdgewiseError } from '../base/errors.js';
import { edgeEnds } from '../circuit/edge-ends.js';
import { EdgeSet } from '../circuit/edge-set.js';
import { pruneDisconnected } from '../circuit/prune.js';
import type { Scores } from '../circuit/scores.js';

export interface NeuronSelection {
  /** [writers x width], 1 = kept: the output dimensions that a writer's edges carry uncut. */
  readonly neurons: Uint8Array;
  /** All edges out of writers with a kept neuron; every direct edge. */
  readonly kept: EdgeSet;
  /** Sum over kept edges of the share of their writer's neurons that is kept: the size that MIB reports. */
  readonly weightedEdges: number;
}

/**
 * The `count` output dimensions with the highest scores over all writers, with all edges out of their writers (EAP-IG's
 * `apply_topn` for neurons). Rows without scores are kept whole; ties go by writer, then by dimension. O(n log n).
 *
 * @throws EdgewiseError kind `usage` where there are no scores of neurons, or not that many.
 */
export function selectNeurons(
  scores: Scores,
  { count, absolute, prune }: { readonly count: number; readonly absolute: boolean; readonly prune: boolean },
): NeuronSelection {
  const { topology, width, neurons: values } = scores;
  if (!values || width === null) throw new EdgewiseError('usage', 'top neurons', 'the scores hold none of neurons');
  const strengths = absolute ? values.map(Math.abs) : values;
  const ascending = strengths.filter((strength) => !Number.isNaN(strength)).sort();
  if (!(Number.isSafeInteger(count) && count >= 0 && count <= ascending.length)) {
    const what = `expected a whole number up to ${ascending.length}, the number of scored ones`;
    throw new EdgewiseError('usage', `top ${count} neurons`, what);
  }
  const last = count === 0 ? Infinity : ascending[ascending.length - count]!;
  let ties = count - ascending.filter((strength) => strength > last).length;
  const chosen = Uint8Array.from(strengths, (strength) =>
    Number(Number.isNaN(strength) || strength > last || (strength === last && ties-- > 0)),
  );

  const keptOf = topology.writers.map((_, writer) =>
    chosen.subarray(writer * width, (writer + 1) * width).reduce((sum, bit) => sum + bit, 0),
  );
  const { writers } = edgeEnds(topology);
  const edges = EdgeSet.where(topology, (id) => id >= topology.additionEdges || keptOf[writers[id]!]! > 0);
  const kept = prune ? pruneDisconnected(edges, false) : edges;
  const sending = new Set<number>();
  let weightedEdges = 0;
  for (let id = 0; id < topology.additionEdges; id++) {
    if (!kept.has(id)) continue;
    sending.add(writers[id]!);
    weightedEdges += keptOf[writers[id]!]! / width;
  }
  // A writer that pruning took has no neurons left either.
  const left = chosen.map((bit, i) => (sending.has(Math.floor(i / width)) ? bit : 0));
  return { neurons: prune ? left : chosen, kept, weightedEdges };
}
