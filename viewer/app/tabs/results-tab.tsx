import type { Chart } from '../../../src/pictures/chart.js';
import { colour, rangeOf, shown, type HeatMap } from '../../../src/pictures/heat-map.js';
import { chartsOf, picturesOf } from '../../../src/pictures/instrument-pictures.js';
import { download } from '../actions/save.js';
import type { OpenResult } from '../state/results.js';
import { useStore } from '../state/use-store.js';

/**
 * The results of tracing, patching, knockout and the lens that are open: one of them, as tables of colours and bars.
 */
export function ResultsTab() {
  const { results, shownResult, chosenResult } = useStore();
  const result = shownResult.value;
  if (!result) return <p class="quiet">No result of trace, patch-path, knockout or lens is open.</p>;
  return (
    <section class="results-tab" data-testid="results">
      {results.value.length > 1 && (
        <label>
          Result{' '}
          <select value={result.name} onChange={(event) => (chosenResult.value = event.currentTarget.value)}>
            {results.value.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      <Result result={result} />
    </section>
  );
}

function Result({ result: { name, file } }: { result: OpenResult }) {
  const { title, charts, caption } = chartsOf(file);
  const save = (): void =>
    download(
      `${name.replace(/\.json$/i, '').replaceAll('/', '-')}.svg`,
      new Blob([picturesOf(file).svg], { type: 'image/svg+xml' }),
    );
  return (
    <>
      <h2>{title}</h2>
      {caption.map((line) => (
        <p key={line}>{line}</p>
      ))}
      {charts.map((chart) => (
        <ChartView key={chart.name} chart={chart} />
      ))}
      <button type="button" onClick={save}>
        Save SVG
      </button>
    </>
  );
}

function ChartView({ chart }: { chart: Chart }) {
  if (chart.kind === 'map') return <MapTable map={chart} />;
  const most = Math.max(...chart.bars.map(({ value }) => Math.abs(value)), Number.MIN_VALUE);
  return (
    <figure class="result-bars">
      <figcaption>
        {chart.name} <span class="quiet">({chart.unit})</span>
      </figcaption>
      <dl>
        {chart.bars.map(({ label, value }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              <span class={value < 0 ? 'bar below' : 'bar'} style={{ width: `${(60 * Math.abs(value)) / most}%` }} />
              {shown(value)}
            </dd>
          </div>
        ))}
      </dl>
    </figure>
  );
}

/** A table whose cells are coloured by their values, and say them to a pointer and to a screen reader. */
function MapTable({ map: { name, rows, columns, values, unit, range } }: { map: HeatMap }) {
  const [low, high] = range ?? rangeOf(values);
  return (
    <figure class="result-map">
      <figcaption>
        {name}{' '}
        <span class="quiet">
          ({unit}; {shown(low)} to {shown(high)})
        </span>
      </figcaption>
      <div class="wide-table" tabIndex={0} role="region" aria-label={name}>
        <table>
          <thead>
            <tr>
              <td />
              {columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, r) => (
              <tr key={r}>
                <th scope="row">{row}</th>
                {columns.map((column, c) => {
                  const value = values[r]?.[c] ?? null;
                  const says = value === null ? 'none' : shown(value);
                  return (
                    <td
                      key={column}
                      title={`${row}, ${column}: ${says}`}
                      style={{ background: value === null ? 'none' : colour(value, low, high) }}
                    >
                      <span class="visually-hidden">{says}</span>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}
