import type { AttributionGraph } from '../../../src/files/tools/read-attribution-graph.js';
import { featureIndex } from '../../data/attribution-data.js';
import { formatEffect, formatNumber, formatPercent, kindName } from '../../view/format.js';
import { Fact } from '../controls/facts.js';
import { Token } from '../controls/token.js';
import { useStore } from '../state/use-store.js';
import { IncidentLists } from './incident-lists.js';
import { Note } from './note.js';
import { PinButton } from './pin-button.js';

/** What an attribution graph says of one of its nodes. */
export function FeatureCard({ graph, id }: { graph: AttributionGraph; id: string }) {
  const { data } = useStore();
  const record = data.value.nodeById.get(id);
  const node = graph.nodes.find((one) => one.id === id);
  if (!record || !node) return null;
  const index = featureIndex(node);
  return (
    <article class="card" data-testid="node-card">
      <header>
        <h2>
          {record.label}
          <PinButton id={id} />
        </h2>
        <p class="quiet">{kindName(record)}</p>
      </header>
      <dl class="facts">
        <Fact name="Token">
          <Token text={graph.tokens[node.position]!} />{' '}
          <span class="quiet">
            {node.position + 1} of {graph.tokens.length}
          </span>
        </Fact>
        {node.type !== '' && <Fact name="Kind">{node.type}</Fact>}
        {node.kind === 'feature' && <Fact name="Feature">{index ?? node.feature ?? '–'}</Fact>}
        {node.activation !== null && <Fact name="Activation">{formatNumber(node.activation)}</Fact>}
        {node.probability !== null && <Fact name="Probability">{formatPercent(node.probability)}</Fact>}
        {node.influence !== null && (
          <Fact name="Influence">
            {formatNumber(node.influence)} <span class="quiet">the file's number for pruning</span>
          </Fact>
        )}
        <Fact name={node.kind === 'logit' ? 'Sum of weights in' : 'Sum of weights out'}>
          {formatEffect(record.effect)}
        </Fact>
        <Fact name="Name in the file">{id}</Fact>
      </dl>
      <IncidentLists nodes={[id]} />
      <Note name={id} />
    </article>
  );
}
