import type { CurvePoint } from '../../src/circuit/in-circuit.js';
import { LinePlot } from './line-plot.js';

/** How faithful and how needed the strongest edges of a circuit are, by their number. */
export function CurvePlot({ curve }: { curve: readonly CurvePoint[] }) {
  const last = curve.at(-1);
  const most = last?.faithfulness ?? null;
  return (
    <LinePlot
      says={`Faithfulness and necessity of the strongest edges, up to ${last?.edges ?? 0} edges${most === null ? '' : `, where faithfulness is ${most.toFixed(2)}`}`}
      x={{ name: 'strongest edges', by: 'ratio' }}
      y={{ name: '' }}
      lines={[
        { name: 'faithfulness of these edges', points: curve.map(({ edges, faithfulness }) => [edges, faithfulness]) },
        {
          name: 'necessity: 1 - faithfulness of the rest',
          points: curve.map(({ edges, necessity }) => [edges, necessity]),
        },
      ]}
    />
  );
}
