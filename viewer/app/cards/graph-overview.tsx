import type { GraphDocument } from '../../data/document.js';
import { howToMeasure } from '../../data/how-to-measure.js';
import { formatCount, formatPercent, plural } from '../../view/format.js';
import { choose, hint } from '../actions/choose.js';
import { Fact } from '../controls/facts.js';
import { useStore } from '../state/use-store.js';

/** What an attribution graph says of itself. */
export function GraphOverview({ document }: { document: GraphDocument }) {
  const { graph } = document;
  const count = (kind: string): number => graph.nodes.filter((node) => node.kind === kind).length;
  return (
    <article class="card" data-testid="graph-overview">
      <header>
        <h2>{graph.slug ?? document.name}</h2>
        <p class="quiet">attribution graph of features, at one prompt</p>
      </header>
      {document.warnings.map((warning) => (
        <p key={warning} class="warning">
          {warning}
        </p>
      ))}
      {graph.description !== null && <p>{graph.description}</p>}
      <dl class="facts">
        {graph.scan !== null && <Fact name="Model">{graph.scan}</Fact>}
        <Fact name="Prompt">{plural(graph.tokens.length, 'token')}</Fact>
        <Fact name="Features">{formatCount(count('feature'))}</Fact>
        <Fact name="Errors">
          {formatCount(count('error'))} <span class="quiet">what features leave of an MLP's output</span>
        </Fact>
        <Fact name="Links">{formatCount(graph.links.length)}</Fact>
      </dl>
      <NextTokens document={document} />
      <p class="quiet">
        A link's weight is the direct effect of one node on another at this prompt, with attention as it was. It is no
        effect of cutting the link.
      </p>
      <p class="quiet">{howToMeasure(document).text} Comparing and replaying need a circuit.</p>
    </article>
  );
}

/** The logits of the graph, likeliest first. */
function NextTokens({ document }: { document: GraphDocument }) {
  const store = useStore();
  const logits = document.graph.nodes.filter(({ kind }) => kind === 'logit');
  if (logits.length === 0) return null;
  return (
    <section>
      <h3>Next tokens</h3>
      <ul class="edge-list" aria-label="Next tokens">
        {logits
          .toSorted((a, b) => (b.probability ?? 0) - (a.probability ?? 0))
          .map(({ id, probability }) => (
            <li key={id}>
              <button
                type="button"
                class="edge-row"
                onPointerEnter={() => hint(store, id)}
                onPointerLeave={() => hint(store, null)}
                onClick={() => choose(store, id)}
              >
                <span class="bar" style={{ width: `${100 * Math.max(0, Math.min(1, probability ?? 0))}%` }} />
                <span class="name">{store.nodeLabel(id)}</span>
                <span class="number">{probability === null ? '' : formatPercent(probability)}</span>
              </button>
            </li>
          ))}
      </ul>
    </section>
  );
}
