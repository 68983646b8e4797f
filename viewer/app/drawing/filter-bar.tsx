import type { EdgeRecord } from '../../data/circuit-data.js';
import { faithfulnessAt } from '../../view/curve.js';
import { formatCount, formatMagnitude, formatNumber, formatPercent, plural, tieWords } from '../../view/format.js';
import { activeFilters } from '../../view/selection.js';
import type { LimitKind } from '../../view/view-state.js';
import { limitBy, limitToRank } from '../actions/limits.js';
import { Segmented } from '../controls/segmented.js';
import { useStore } from '../state/use-store.js';
import { FilterMenu } from './filter-menu.js';

const STEPS = 1000;

/** Rank 1..n at a position 0..STEPS of the slider. The scale is logarithmic. */
function toRank(position: number, n: number): number {
  return n <= 1 ? n : Math.round(Math.exp((position / STEPS) * Math.log(n)));
}
function toPosition(rank: number, n: number): number {
  return n <= 1 ? STEPS : (STEPS * Math.log(Math.max(1, Math.min(rank, n)))) / Math.log(n);
}

export function FilterBar() {
  const store = useStore();
  const { selection, viewField } = store;
  const { edges, available, ranked } = selection.value;
  const shown = edges.length;
  return (
    <div class="filter-bar">
      {ranked && (
        <Segmented<LimitKind>
          label="Limit by"
          value={viewField.limitBy.value}
          options={[
            ['top', 'Top', 'The strongest edges, by number'],
            ['effect', '|Effect| ≥', 'Edges of at least this |effect|'],
            ['share', 'Share', 'The strongest edges that have this share of the sum of |effect|'],
          ]}
          onChange={(kind) => limitBy(store, kind)}
        />
      )}
      <input
        class="main-slider"
        type="range"
        min={0}
        max={STEPS}
        step={1}
        value={Math.round(toPosition(shown, available))}
        aria-label="Edges shown"
        aria-valuetext={`${shown} of ${plural(available, 'edge')}`}
        disabled={available === 0 || !ranked}
        style={{ '--at': `${(100 * toPosition(shown, available)) / STEPS}%` }}
        onInput={(event) => limitToRank(store, toRank(event.currentTarget.valueAsNumber, available))}
      />
      {ranked && <LimitBox />}
      <FilterMenu />
      <ReadOut />
    </div>
  );
}

function LimitBox() {
  const { selection, update, viewField } = useStore();
  const kind = viewField.limitBy.value;
  const { limits } = selection.value;
  const value = kind === 'share' ? 100 * limits.share : limits[kind];
  const text = kind === 'top' ? String(value) : kind === 'share' ? value.toFixed(1) : formatMagnitude(value);
  return (
    <span class="limit-box">
      <input
        type="number"
        aria-label={kind === 'top' ? 'Number of edges' : kind === 'share' ? 'Percent of |effect|' : 'Smallest |effect|'}
        min={kind === 'top' ? 1 : 0}
        step={kind === 'top' ? 1 : 'any'}
        value={text.replace('−', '-')}
        onChange={(event) => {
          const typed = event.currentTarget.valueAsNumber;
          if (!Number.isFinite(typed)) return;
          if (kind === 'top') update({ limit: Math.max(1, Math.round(typed)) });
          else update({ limit: kind === 'share' ? Math.max(0, Math.min(1, typed / 100)) : Math.max(0, typed) });
        }}
      />
      <span class="unit">{kind === 'share' ? '%' : ''}</span>
    </span>
  );
}

function isKept({ inCircuit }: EdgeRecord): boolean {
  return inCircuit;
}

/** How much of the circuit is shown. */
function ReadOut() {
  const { current, sizesKnown, comparison, data, selection, drawnSelection, found, view, viewField } = useStore();
  const { edges, available, nodes, share, ranked, tie } = selection.value;
  const document = current.value;
  const hits = found.value;
  // Faithfulness was measured for the strongest kept edges. The same number of other edges is another circuit.
  const strongestKept =
    !comparison.value && viewField.step.value === null && activeFilters(view.value) === 0 && edges.every(isKept);
  const faithfulness = document?.circuit && strongestKept ? faithfulnessAt(document, edges.length) : null;
  return (
    <p class="read-out" role="status" aria-live="polite" data-testid="read-out">
      <span>
        <b>{formatCount(edges.length)}</b> of {plural(available, 'edge')}
      </span>
      <span>
        <b>{formatCount(nodes.size)}</b> {nodes.size === 1 ? 'node' : 'nodes'}
        {sizesKnown.value && <span class="wide-only"> of {data.value.nodes.length}</span>}
      </span>
      {drawnSelection.value.edges.length < edges.length && (
        <span>
          drawing {ranked && 'the strongest '}
          {formatCount(drawnSelection.value.edges.length)} first
        </span>
      )}
      {!ranked && <span>nothing ranks these edges</span>}
      {tie && <span>{tieWords(tie)}</span>}
      {hits && (
        <span>
          <b>{formatCount(edges.reduce((count, { id }) => count + Number(hits.edges.has(id)), 0))}</b> found
        </span>
      )}
      {ranked && share !== null && Number.isFinite(share) && (
        <span>
          <b>{formatPercent(share)}</b> of |effect|
        </span>
      )}
      {!comparison.value && (
        <span title="How much of the model's behaviour the shown edges alone bring back">
          faithfulness {faithfulness === null ? 'not measured at this size' : <b>{formatNumber(faithfulness)}</b>}
        </span>
      )}
    </p>
  );
}
