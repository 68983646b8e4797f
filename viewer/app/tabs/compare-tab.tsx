import { compareWith } from '../actions/comparing.js';
import { Fact } from '../controls/facts.js';
import { useStore } from '../state/use-store.js';
import { Differences } from './differences.js';

/** Two circuits side by side. */
export function CompareTab() {
  const store = useStore();
  const { documents, current, other, comparison } = store;
  const names = [...documents.value.keys()].filter((name) => name !== current.value?.name);
  return (
    <div class="compare">
      <dl class="facts">
        <Fact name="A">{current.value?.name ?? '–'}</Fact>
        <Fact name="B">
          <select
            aria-label="Second circuit"
            value={other.value?.name ?? ''}
            disabled={names.length === 0}
            onChange={(event) => compareWith(store, event.currentTarget.value || null)}
          >
            <option value="">{names.length === 0 ? 'open a second circuit' : 'choose…'}</option>
            {names.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </Fact>
      </dl>
      {comparison.value ? (
        <Differences comparison={comparison.value} />
      ) : (
        <p class="quiet">
          The second circuit can be of another method, threshold, model or task: edges are matched by name. Open both
          files (they can be dropped together). Then choose the second one here.
        </p>
      )}
    </div>
  );
}
