import type { EdgeClass, EdgeRecord } from '../../data/circuit-data.js';
import { matchEdges, tieOfStrongest, type Comparison } from '../../view/compare.js';
import { edgeLabel, formatCount, formatEffect, tieWords } from '../../view/format.js';
import { choose, hint } from '../actions/choose.js';
import { Check } from '../controls/check.js';
import { Segmented } from '../controls/segmented.js';
import { useStore } from '../state/use-store.js';

/** Edges that the table lists. */
const FIRST = 100;

const CLASSES = [
  ['both', 'both', 'both'],
  ['only A', 'onlyA', 'only-a'],
  ['only B', 'onlyB', 'only-b'],
  ['sign flipped', 'flipped', 'flipped'],
] as const satisfies readonly (readonly [title: string, key: keyof Comparison['edges'], kind: EdgeClass])[];

/** What two circuits share, and where they differ. */
export function Differences({ comparison }: { comparison: Comparison }) {
  const { update, viewField } = useStore();
  const differing = comparison.data.edges.filter(({ contrast }) => contrast !== null && contrast.class !== 'both');
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
        <kbd>C</kbd> switches between A and B, tapped or held.
      </p>
      <Counts comparison={comparison} />
      <MatchCount />
      <h3>
        Differing edges <span class="quiet">{formatCount(differing.length)}</span>
      </h3>
      {differing.length > 0 && <DifferingEdges edges={differing.slice(0, FIRST)} />}
      {differing.length > FIRST && <p class="quiet">These are the {FIRST} strongest. The Edges tab has all of them.</p>}
    </>
  );
}

function Counts({ comparison }: { comparison: Comparison }) {
  const { edges, nodes, jaccardEdges, jaccardNodes, rankCorrelation } = comparison;
  return (
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
          <th scope="row" title="Shared by both / in either">
            Jaccard
          </th>
          <td class="number">{jaccardEdges.toFixed(3)}</td>
          <td class="number">{jaccardNodes.toFixed(3)}</td>
        </tr>
        <tr>
          <th scope="row" title="Spearman's correlation of |effect|, over the edges that are measured in both">
            Rank correlation
          </th>
          <td class="number">{rankCorrelation === null ? '–' : rankCorrelation.toFixed(3)}</td>
          <td />
        </tr>
      </tbody>
    </table>
  );
}

function DifferingEdges({ edges }: { edges: readonly EdgeRecord[] }) {
  const store = useStore();
  const { nodeLabel } = store;
  return (
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
        {edges.map((edge) => (
          <tr key={edge.id} onPointerEnter={() => hint(store, edge.id)} onPointerLeave={() => hint(store, null)}>
            <th scope="row">
              <span class={`swatch ${edge.contrast!.class}`} title={edge.contrast!.class} />{' '}
              <button type="button" class="link" onClick={() => choose(store, edge.id)}>
                {edgeLabel(edge, nodeLabel)}
              </button>
            </th>
            <td class="number">{edge.contrast!.a === null ? '–' : formatEffect(edge.contrast!.a)}</td>
            <td class="number">{edge.contrast!.b === null ? '–' : formatEffect(edge.contrast!.b)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Cuts both circuits to one size. Circuits of different sizes differ by their size alone. */
function MatchCount() {
  const { ownData, otherData, matched } = useStore();
  const b = otherData.value;
  if (!b) return null;
  const count = matched.value;
  const sides = [['A', ownData.value] as const, ['B', b] as const];
  const ties = sides.flatMap(([name, data]) => {
    const tie = count === null ? null : tieOfStrongest(data, count);
    return tie ? [`${name}: ${tieWords(tie)}`] : [];
  });
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
      {ties.map((text) => (
        <p key={text} class="quiet">
          {text}
        </p>
      ))}
    </div>
  );
}
