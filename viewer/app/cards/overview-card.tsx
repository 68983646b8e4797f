import { candidateEdges, keptEdges, type Provenance } from '../../../src/circuit/circuit.js';
import type { CurvePoint } from '../../../src/circuit/in-circuit.js';
import { describeScreening, describeSelection, describeTrim } from '../../../src/circuit/scored-circuit.js';
import type { CircuitDocument } from '../../data/document.js';
import { hasSigns, suggestSign } from '../../data/sign.js';
import { formatCount, formatNumber, plural } from '../../view/format.js';
import type { ViewState } from '../../view/view-state.js';
import { CurvePlot } from '../../plots/curve-plot.js';
import { Fact } from '../controls/facts.js';
import { useStore } from '../state/use-store.js';

const FORMATS = {
  edgewise: 'Edgewise circuit',
  'eap-ig': 'EAP-IG / MIB circuit',
  'edge-pruning': 'Edge Pruning circuit',
  gexf: 'GEXF graph',
  graphml: 'GraphML graph',
  'node-link': 'networkx graph',
  trace: 'trace of a search',
} as const;

/** What the file says of its circuit. */
export function OverviewCard({ document }: { document: CircuitDocument }) {
  const { circuit } = document;
  const from = circuit.provenance;
  const selection = from?.selection ?? circuit.imported?.selection;
  return (
    <article class="card">
      <header>
        <h2>{from ? from.task.name : document.name}</h2>
        <p class="quiet">{FORMATS[document.format]}</p>
      </header>
      {document.warnings.map((warning) => (
        <p key={warning} class="warning">
          {warning}
        </p>
      ))}
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
      </dl>
      {from && <Metrics from={from} />}
      {circuit.inCircuit && circuit.inCircuit.curve.length > 1 && <Curve curve={circuit.inCircuit.curve} />}
      <SignChoice document={document} />
      <Hints />
    </article>
  );
}

function Curve({ curve }: { curve: readonly CurvePoint[] }) {
  return (
    <section>
      <h3>The strongest edges alone</h3>
      <CurvePlot curve={curve} />
    </section>
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
  const { update } = useStore();
  const closest = from.minMargin;
  return (
    <>
      <Fact name="Faithfulness">{formatNumber(from.faithfulness)}</Fact>
      {closest && (
        <Fact name="Closest call">
          <button type="button" class="link" onClick={() => update({ selected: closest.edge })}>
            {closest.edge}
          </button>{' '}
          <span class="quiet">by {formatNumber(closest.margin)}</span>
        </Fact>
      )}
    </>
  );
}

function Metrics({ from }: { from: Provenance }) {
  return (
    <section>
      <h3>
        Metric <span class="quiet">{from.metric}, lower is better</span>
      </h3>
      <dl class="facts">
        <Fact name="Whole model">{formatNumber(from.metrics.initial)}</Fact>
        <Fact name="Circuit">{formatNumber(from.metrics.final)}</Fact>
        <Fact name="Empty circuit">{formatNumber(from.metrics.empty)}</Fact>
      </dl>
    </section>
  );
}

/** The meaning of a positive score: the file states it, or the reader chooses it. */
function SignChoice({ document }: { document: CircuitDocument }) {
  const { update, viewField } = useStore();
  const sign = viewField.sign.value;
  if (document.signStated) {
    return (
      <section>
        <h3>Sign</h3>
        <p class="quiet">{document.circuit.provenance?.signConvention ?? 'positive: the edge helps the task'}</p>
      </section>
    );
  }
  if (!hasSigns(document.circuit)) return null;
  const likely = suggestSign(document.circuit);
  const options = [
    ['as-stated', 'left open'],
    ['positive-helps', `positive helps the task${likely === 'positive-helps' ? ' (likely)' : ''}`],
    ['negative-helps', `negative helps the task${likely === 'negative-helps' ? ' (likely)' : ''}`],
  ] as const;
  return (
    <section>
      <h3>Sign</h3>
      <p class="quiet">The file does not say what a positive score means. Read it as:</p>
      <select
        aria-label="Meaning of a positive score"
        value={sign}
        onChange={(event) => update({ sign: event.currentTarget.value as ViewState['sign'] })}
      >
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </section>
  );
}

function Hints() {
  const { dialog } = useStore();
  return (
    <section class="hints">
      <h3>Looking around</h3>
      <ul>
        <li>Point at a node to see what it is connected to; click it for its card.</li>
        <li>
          <kbd>Ctrl</kbd>-click pins, <kbd>G</kbd> groups what is pinned, <kbd>Shift</kbd>-drag pins a box of nodes.
        </li>
        <li>
          Arrow keys walk the graph; <kbd>[</kbd> and <kbd>]</kbd> show fewer or more edges.
        </li>
      </ul>
      <button type="button" class="button text" onClick={() => (dialog.value = 'help')}>
        All keys
      </button>
    </section>
  );
}
