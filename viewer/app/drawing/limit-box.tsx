import { formatMagnitude } from '../../view/format.js';
import type { LimitKind } from '../../view/view-state.js';
import { limitToRank } from '../actions/limits.js';
import { useStore } from '../state/use-store.js';

const NAMES: Readonly<Record<LimitKind, string>> = {
  circuit: 'Number of edges of the circuit',
  top: 'Number of edges',
  effect: 'Smallest size',
  share: 'Percent of the sum of all',
};

/** The limit as a number to type. */
export function LimitBox() {
  const store = useStore();
  const { selection, update } = store;
  const { limits, by } = selection.value;
  const isCount = by === 'circuit' || by === 'top';
  const text = isCount
    ? String(limits[by])
    : by === 'share'
      ? (100 * limits.share).toFixed(1)
      : formatMagnitude(limits[by]);
  return (
    <span class="limit-box">
      <input
        type="number"
        aria-label={NAMES[by]}
        min={isCount ? 1 : 0}
        step={isCount ? 1 : 'any'}
        value={text.replace('−', '-')}
        onChange={(event) => {
          const typed = event.currentTarget.valueAsNumber;
          if (!Number.isFinite(typed)) return;
          if (isCount) limitToRank(store, typed);
          else update({ limit: by === 'share' ? Math.max(0, Math.min(1, typed / 100)) : Math.max(0, typed) });
          // What is shown may stay the same: then nothing else puts its number back.
          event.currentTarget.value = text.replace('−', '-');
        }}
      />
      <span class="unit">{by === 'share' ? '%' : ''}</span>
    </span>
  );
}
