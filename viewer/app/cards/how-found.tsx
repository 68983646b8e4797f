import { candidateEdges, keptEdges, type Provenance } from '../../../src/circuit/circuit.js';
import { describeScreening, describeSelection, describeTrim } from '../../../src/circuit/scored-circuit.js';
import { CurvePlot } from '../../plots/curve-plot.js';
import type { CircuitDocument } from '../../data/document.js';
import { formatCount, formatNumber, plural } from '../../view/format.js';
import { metricLine, naturalValue } from '../../view/metric-words.js';
import { Fact } from '../controls/facts.js';
import { useStore } from '../state/use-store.js';

/** How the circuit was found, as its file says it, and how good its strongest edges are. */
export function HowFound({ document }: { document: CircuitDocument }) {
  const { circuit } = document;
  const { provenance: from, inCircuit } = circuit;
  const selection = from?.selection ?? circuit.imported?.selection;
  return (
    <details class="fold">
      <summary>How it was found</summary>
      <dl class="facts">
        {from && <Origin from={from} />}
        <Fact name="Size">
          {document.sizesKnown ? '' : 'at least '}
          {circuit.topology.layers} layers × {circuit.topology.heads} heads
        </Fact>
        <Fact name="Kept">{keptWords(document)}</Fact>
        {selection && <Fact name="Chosen">{describeSelection(selection)}</Fact>}
        {from?.trimmed && <Fact name="Made smaller">{describeTrim(from.trimmed)}</Fact>}
        {from?.screening && <Fact name="Screened">{describeScreening(from.screening)}</Fact>}
        {from && <Outcome from={from} />}
        {from && <Fact name="Sign">{from.signConvention}</Fact>}
      </dl>
      {from && <Metrics from={from} />}
      {inCircuit && inCircuit.curve.length > 1 && (
        <section>
          <h3>The strongest edges alone</h3>
          <CurvePlot curve={inCircuit.curve} />
        </section>
      )}
    </details>
  );
}

/** Where the model may have more nodes than the file names, nobody knows how many edges it has. */
function keptWords({ circuit, scoresOnly, sizesKnown }: CircuitDocument): string {
  if (scoresOnly) return `nothing was selected: scores of ${plural(candidateEdges(circuit), 'edge')}`;
  const kept = keptEdges(circuit);
  return sizesKnown ? `${formatCount(kept)} of ${plural(candidateEdges(circuit), 'edge')}` : plural(kept, 'edge');
}

function Origin({ from }: { from: Provenance }) {
  return (
    <>
      <Fact name="Model">{from.model.name}</Fact>
      <Fact name="Method">{from.method}</Fact>
      {from.threshold !== null && (
        <Fact name="Threshold">
          {from.threshold}
          {from.absolute ? ' on |effect|' : ''}
        </Fact>
      )}
      <Fact name="Ablation">{from.ablation}</Fact>
      <Fact name="Prompts">{from.prompts.count}</Fact>
    </>
  );
}

function Outcome({ from }: { from: Provenance }) {
  const { update, nodeLabel } = useStore();
  const closest = from.minMargin;
  return (
    <>
      <Fact name="Faithfulness">{formatNumber(from.faithfulness)}</Fact>
      {closest && (
        <Fact name="Nearest to the threshold">
          <button type="button" class="link" onClick={() => update({ selected: closest.edge })}>
            {nodeLabel(closest.edge)}
          </button>{' '}
          <span class="quiet">by {formatNumber(closest.margin)}</span>
        </Fact>
      )}
    </>
  );
}

function Metrics({ from: { metric, metrics } }: { from: Provenance }) {
  const value = (loss: number | null): string => formatNumber(naturalValue(metric, loss));
  return (
    <section>
      <h3>
        Metric <span class="quiet">{metricLine(metric)}</span>
      </h3>
      <dl class="facts">
        <Fact name="Whole model">{value(metrics.initial)}</Fact>
        <Fact name="Circuit">{value(metrics.final)}</Fact>
        <Fact name="Empty circuit">{value(metrics.empty)}</Fact>
      </dl>
    </section>
  );
}
