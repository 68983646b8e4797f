import type { EdgeClass } from '../../data/circuit-data.js';
import { matchEdges, type Comparison } from '../../view/compare.js';
import { choose, hint, nodeLabel } from '../actions/choose.js';
import { compareWith } from '../actions/comparing.js';
import { Check } from '../controls/check.js';
import { Fact } from '../controls/facts.js';
import { Segmented } from '../controls/segmented.js';
import { edgeLabel, formatCount, formatEffect } from '../../view/format.js';
import { comparison, current, documents, matched, other, otherData, ownData } from '../state/circuits.js';
import { update, viewField } from '../state/view.js';

const FIRST = 100;
const CLASSES = [
  ['both', 'both', 'both'],
  ['only A', 'onlyA', 'only-a'],
  ['only B', 'onlyB', 'only-b'],
  ['sign flipped', 'flipped', 'flipped'],
] as const satisfies readonly (readonly [string, keyof Comparison['edges'], EdgeClass])[];

/** Two circuits side by side: what they share, and where they differ. */
export function CompareTab() {
  const names = [...documents.value.keys()].filter((name) => name !== current.value?.name);
  const with_ = other.value?.name ?? '';
  return (
    <div class="compare">
      <dl class="facts">
        <Fact name="A">{current.value?.name ?? '–'}</Fact>
        <Fact name="B">
          <select
            aria-label="Second circuit"
            value={with_}
            disabled={names.length === 0}
            onChange={(event) => compareWith(event.currentTarget.value || null)}
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
          Another method, threshold, model or task: edges are matched by name. Open both files (they can be dropped
          together), then choose the second one here.
        </p>
      )}
    </div>
  );
}

function Differences({
  comparison: { edges, nodes, jaccardEdges, jaccardNodes, rankCorrelation, data },
}: {
  comparison: Comparison;
}) {
  const differing = data.edges.filter(({ contrast }) => contrast !== null && contrast.class !== 'both');
  return (
    <>
      <Segmented
        label="Circuit shown"
        value={viewField.blink.value ?? 'union'}
        options={[
          ['union', 'A and B'],
          ['a', 'A', 'The first circuit alone (C)'],
          ['b', 'B', 'The second circuit alone (C)'],
        ]}
        onChange={(side) => update({ blink: side === 'union' ? null : side })}
      />
      <p class="quiet">
        <kbd>C</kbd> blinks between A and B; held, while it is down.
      </p>
      <table class="counts" data-testid="compare-counts">
        <thead>
          <tr>
            <td />
            <th scope="col">edges</th>
            <th scope="col">nodes</th>
          </tr>
        </thead>
        <tbody>
          {CLASSES.map(([title, key, kind]) => (
            <tr key={key}>
              <th scope="row">
                <span class={`swatch ${kind}`} /> {title}
              </th>
              <td class="number">{formatCount(edges[key])}</td>
              <td class="number">{key === 'flipped' ? '' : formatCount(nodes[key])}</td>
            </tr>
          ))}
          <tr>
            <th scope="row" title="Shared / all of both">
              Jaccard
            </th>
            <td class="number">{jaccardEdges.toFixed(3)}</td>
            <td class="number">{jaccardNodes.toFixed(3)}</td>
          </tr>
          <tr>
            <th scope="row" title="Spearman's, of |effect| over the edges measured in both">
              Rank correlation
            </th>
            <td class="number">{rankCorrelation === null ? '–' : rankCorrelation.toFixed(3)}</td>
            <td />
          </tr>
        </tbody>
      </table>
      <MatchCount />
      <h3>
        Differing edges <span class="quiet">{formatCount(differing.length)}</span>
      </h3>
      {differing.length > 0 && (
        <table class="differing">
          <thead>
            <tr>
              <th scope="col">Edge</th>
              <th scope="col" class="number">
                A
              </th>
              <th scope="col" class="number">
                B
              </th>
            </tr>
          </thead>
          <tbody>
            {differing.slice(0, FIRST).map((edge) => (
              <tr key={edge.id} onPointerEnter={() => hint(edge.id)} onPointerLeave={() => hint(null)}>
                <th scope="row">
                  <span class={`swatch ${edge.contrast!.class}`} title={edge.contrast!.class} />{' '}
                  <button type="button" class="link" onClick={() => choose(edge.id)}>
                    {edgeLabel(edge, nodeLabel)}
                  </button>
                </th>
                <td class="number">{edge.contrast!.a === null ? '–' : formatEffect(edge.contrast!.a)}</td>
                <td class="number">{edge.contrast!.b === null ? '–' : formatEffect(edge.contrast!.b)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {differing.length > FIRST && <p class="quiet">The {FIRST} strongest; all of them are in the Edges tab.</p>}
    </>
  );
}

/** Circuits of different sizes differ by their size alone: both cut to as many of their strongest edges. */
function MatchCount() {
  const b = otherData.value;
  if (!b) return null;
  const count = matched.value;
  return (
    <div class="match">
      <Check
        checked={count !== null}
        onChange={(on) => (matched.value = on ? matchEdges(ownData.value, b) : null)}
        title="Cuts both circuits to the same number of their strongest edges"
      >
        Match edge count
      </Check>
      {count !== null && (
        <input
          type="number"
          min={1}
          aria-label="Edges of each circuit"
          value={count}
          onChange={(event) => {
            const typed = event.currentTarget.valueAsNumber;
            if (Number.isFinite(typed)) matched.value = Math.max(1, Math.round(typed));
          }}
        />
      )}
    </div>
  );
}
