import type { CircuitDetails } from '../../../src/circuit/details.js';
import { tokenWords } from '../../attention/words.js';
import type { EdgeRecord } from '../../data/circuit-data.js';
import { writtenOver } from '../../view/edge-written.js';
import { useStore } from '../state/use-store.js';
import { largestLogit, TokenList } from './token-list.js';

/** What an edge's sender writes, and at which token. */
export function EdgeWritten({ edge, details }: { edge: EdgeRecord; details: CircuitDetails }) {
  const { nodeLabel, shownPrompt } = useStore();
  if (edge.kind === 'direct') return null;
  const written = writtenOver(details, edge, nodeLabel);
  const place = shownPrompt.value ?? 0;
  const at = Object.hasOwn(details.nodes, edge.source) ? details.nodes[edge.source]!.at?.[place] : undefined;
  const tokens = details.prompts[place]?.clean ?? [];
  return (
    <section data-testid="edge-written">
      <h3>What is written</h3>
      {written ? (
        <>
          {written.tokens.length > 0 && (
            <TokenList says="Tokens that are promoted" tokens={written.tokens} most={largestLogit(written.tokens)} />
          )}
          <p class="quiet about">
            {written.how} {written.tokens.length > 0 && 'Mean over the prompts, in logits.'}
            {edge.source !== 'input' &&
              at !== undefined &&
              ` On prompt ${place + 1} that token is ${tokenWords(tokens, at)}.`}
          </p>
        </>
      ) : (
        <p class="quiet">The details of this circuit do not say which tokens {nodeLabel(edge.source)} promotes.</p>
      )}
    </section>
  );
}
