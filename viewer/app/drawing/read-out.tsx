import type { Faithfulness } from '../../view/curve.js';
import { formatCount, formatNumber, formatPercent, plural, tieWords } from '../../view/format.js';
import { idleWords } from '../../view/measure-words.js';
import { useStore } from '../state/use-store.js';

/** How much of the circuit is shown, and what it is worth. */
export function ReadOut() {
  const { sizesKnown, comparison, data, selection, drawnSelection, found, faithfulness, viewField } = useStore();
  const { edges, available, nodes, share, ranked, tie, circuit, offPaths } = selection.value;
  const hits = found.value;
  const isHidden = circuit !== null && edges.length < circuit.edges;
  const idle = idleWords(edges);
  return (
    <p class="read-out" role="status" aria-live="polite" data-testid="read-out">
      <span title={share === null || !Number.isFinite(share) ? undefined : `${formatPercent(share)} of the sum of all`}>
        <b>{formatCount(circuit?.edges ?? edges.length)}</b> of {plural(available, 'edge')}
      </span>
      {isHidden && <span>{formatCount(edges.length)} of them pass the filters</span>}
      <span>
        <b>{formatCount(nodes.size)}</b> {nodes.size === 1 ? 'node' : 'nodes'}
        {sizesKnown.value && <span class="wide-only"> of {data.value.nodes.length}</span>}
      </span>
      {faithfulness.value && !comparison.value && viewField.step.value === null && (
        <FaithfulnessWords of={faithfulness.value} />
      )}
      {drawnSelection.value.edges.length < edges.length && (
        <span>
          drawing {ranked && 'the strongest '}
          {formatCount(drawnSelection.value.edges.length)} first
        </span>
      )}
      {!ranked && <span>nothing ranks these edges</span>}
      {offPaths > 0 && <span>{plural(offPaths, 'edge')} on no path from input to logits left out</span>}
      {tie && <span>{tieWords(tie)}</span>}
      {idle && <span>{idle}</span>}
      {hits && (
        <span>
          <b>{formatCount(edges.reduce((count, { id }) => count + Number(hits.edges.has(id)), 0))}</b> found
        </span>
      )}
    </p>
  );
}

function FaithfulnessWords({ of }: { of: Faithfulness }) {
  return (
    <span title="How much of the model's behaviour these edges alone bring back: 1 = all of it, 0 = none">
      faithfulness {of.value === null ? of.why : <b data-testid="faithfulness">{formatNumber(of.value)}</b>}
    </span>
  );
}
