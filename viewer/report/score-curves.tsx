import type { AreaCurve } from '../../src/files/own/report-json.js';
import { LinePlot } from '../plots/line-plot.js';
import { formatNumber } from '../view/format.js';

/** How faithful circuits of the strongest scores are, at MIB's fractions of all edges, and the areas below. */
export function ScoreCurves({ curves }: { curves: readonly AreaCurve[] }) {
  const hasRoc = curves.some(({ roc }) => roc !== undefined);
  return (
    <section>
      <h2>Circuits of the strongest scores</h2>
      <div class="side-by-side">
        {curves.map(({ selection, points }) => (
          <div key={selection}>
            <h3>by {selection === 'absolute' ? '|score|' : 'score'}</h3>
            <LinePlot
              says={`Faithfulness at ${points.length} shares of all edges, chosen by ${selection} score`}
              x={{ name: 'share of all edges', by: 'ratio' }}
              y={{ name: '' }}
              lines={[
                { name: 'faithfulness', points: points.map((point) => [point.fraction, point.faithfulness]) },
                {
                  name: 'faithfulness of the rest',
                  points: points.map((point) => [point.fraction, point.complement_faithfulness]),
                },
              ]}
            />
          </div>
        ))}
      </div>
      <div class="scrolls">
        <table class="numbers">
          <thead>
            <tr>
              <th scope="col">chosen by</th>
              <th scope="col">CPR</th>
              <th scope="col">CMD</th>
              <th scope="col">one-sided CMD</th>
              <th scope="col">mean</th>
              <th scope="col">area of the rest</th>
              {hasRoc && <th scope="col">ROC area, pessimistic</th>}
              {hasRoc && <th scope="col">ROC area</th>}
            </tr>
          </thead>
          <tbody>
            {curves.map(({ selection, CPR, CMD, CMD_one_sided: oneSided, average, complement_area: rest, roc }) => (
              <tr key={selection}>
                <th scope="row">{selection}</th>
                {[CPR, CMD, oneSided, average, rest, ...(hasRoc ? [roc?.pessimistic_auc, roc?.trapezoid_auc] : [])].map(
                  (value, i) => (
                    <td key={i}>{value === null || value === undefined ? '–' : formatNumber(value)}</td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
