import type { CircuitDocument } from '../../data/document.js';
import { useStore } from '../state/use-store.js';
import { HowFound } from './how-found.js';
import { SignChoice } from './sign-choice.js';
import { SuggestedGroups } from './suggested-groups.js';
import { SummarySection } from './summary-section.js';

const FORMATS = {
  edgewise: 'Edgewise circuit',
  'eap-ig': 'EAP-IG / MIB circuit',
  'edge-pruning': 'Edge Pruning circuit',
  gexf: 'GEXF graph',
  graphml: 'GraphML graph',
  'node-link': 'networkx graph',
  trace: 'trace of a search',
} as const;

/** What a circuit is and does, and how it was found. */
export function OverviewCard({ document }: { document: CircuitDocument }) {
  const from = document.circuit.provenance;
  const title = from ? from.task.name : document.name;
  return (
    <article class="card">
      <header>
        <h2>{title}</h2>
        <p class="quiet">{from ? `${from.method} in ${from.model.name}` : FORMATS[document.format]}</p>
      </header>
      {document.warnings.map((warning) => (
        <p key={warning} class="warning">
          {warning}
        </p>
      ))}
      <SummarySection document={document} title={from ? `${title} in ${from.model.name}` : title} />
      <SignChoice document={document} />
      <SuggestedGroups />
      <HowFound document={document} />
      <Hints />
    </article>
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
