import { DotPlot } from '../plots/dot-plot.js';
import { formatNumber } from '../view/format.js';

/** What a test compared: the random circuits and the circuit, or the effects of edges and those of random ones. */
export function MeasurePlot({ result }: { result: Readonly<Record<string, unknown>> }) {
  const random = numbers(result.random_losses);
  const own = result.circuit_loss;
  if (random && typeof own === 'number') {
    return (
      <DotPlot
        says={`Loss of ${random.length} random circuits, beside ${formatNumber(own)} of the circuit`}
        x="random circuits, by loss"
        y="squared difference"
        dots={sorted(random).map((value) => ({ name: `random circuit: ${formatNumber(value)}`, value }))}
        mark={{ name: 'the circuit', value: own }}
        holds={[0]}
      />
    );
  }
  const wins = numbers(result.wins);
  const edges = result.edges;
  if (wins && Array.isArray(edges) && edges.length === wins.length) {
    const dots = wins.map((value, i) => ({ name: `${String(edges[i])}: ${value} wins`, value }));
    return (
      <DotPlot
        says={`How many random edges each of ${wins.length} edges matters more than`}
        x="edges of the circuit, by wins"
        y="random edges that matter less"
        dots={dots.toSorted((a, b) => a.value - b.value)}
        holds={[0]}
      />
    );
  }
  return null;
}

function numbers(value: unknown): readonly number[] | undefined {
  return Array.isArray(value) && value.every((one) => typeof one === 'number') ? value : undefined;
}

function sorted(values: readonly number[]): readonly number[] {
  return values.toSorted((a, b) => a - b);
}
