import { measuresOf, type Measure } from '../../data/measure.js';
import { measureWords } from '../../view/measure-words.js';
import type { LimitKind } from '../../view/view-state.js';
import { limitBy } from '../actions/limits.js';
import { Segmented } from '../controls/segmented.js';
import { useStore } from '../state/use-store.js';
import { FilterMenu } from './filter-menu.js';
import { LimitBox } from './limit-box.js';
import { ReadOut } from './read-out.js';
import { SizeSlider } from './size-slider.js';

const KINDS: readonly (readonly [LimitKind, string, string])[] = [
  ['circuit', 'Circuit', 'The strongest edges that make a connected circuit, from the input to the logits'],
  ['top', 'Top', 'The strongest edges, by number'],
  ['effect', '≥', 'Edges of at least this size'],
  ['share', 'Share', 'The strongest edges that have this share of the sum of all'],
];

/** Which edges are shown, and by which number they are drawn. */
export function FilterBar() {
  const store = useStore();
  const { selection } = store;
  const { ranked, by } = selection.value;
  return (
    <div class="filter-bar">
      {ranked && (
        <Segmented<LimitKind> label="Limit by" value={by} options={KINDS} onChange={(kind) => limitBy(store, kind)} />
      )}
      <SizeSlider />
      {ranked && <LimitBox />}
      <MeasureSwitch />
      <FilterMenu />
      <ReadOut />
    </div>
  );
}

/** The number by which edges are drawn, where there are several. */
function MeasureSwitch() {
  const { shownCircuits, measure, update, viewField } = useStore();
  const circuits = shownCircuits.value;
  const measures = measuresOf(...circuits);
  if (measures.length < 2) return null;
  const words = (one: Measure) => measureWords(circuits, one, viewField.sign.value);
  return (
    <label class="select" title={words(measure.value).about}>
      <span class="wide-only">Width</span>
      <select
        aria-label="Number that edges are drawn by"
        value={measure.value}
        disabled={viewField.step.value !== null}
        onChange={(event) => update({ drawnBy: event.currentTarget.value as Measure, limit: null })}
      >
        {measures.map((one) => (
          <option key={one} value={one}>
            {words(one).name}
          </option>
        ))}
      </select>
    </label>
  );
}
