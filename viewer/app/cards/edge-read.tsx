import type { AttentionRow, CircuitDetails } from '../../../src/circuit/details.js';
import { edgeReads, type EdgeReads } from '../../attention/edge-reads.js';
import { attentionOf } from '../../attention/patterns.js';
import { usedRows } from '../../attention/used-rows.js';
import { promptWords, readWords, rowWords, tokenWords } from '../../attention/words.js';
import type { EdgeRecord } from '../../data/circuit-data.js';
import { plural } from '../../view/format.js';
import { readersOf } from '../../view/readers.js';
import { useStore } from '../state/use-store.js';
import { ReadTable } from './read-table.js';

/** Where an edge's reader reads. */
export function EdgeRead({ edge, details }: { edge: EdgeRecord; details: CircuitDetails }) {
  const { data, nodeLabel, shownPrompt } = useStore();
  const reader = data.value.nodeById.get(edge.target);
  if (!reader) return null;
  const reads = edgeReads(details, edge.id, shownPrompt.value);
  const prompt = details.prompts[shownPrompt.value ?? 0];
  return (
    <section data-testid="edge-read">
      <h3>Where it is read</h3>
      {reader.kind === 'logits' ? (
        <p>
          At the measured token
          {prompt && `, ${tokenWords(prompt.clean, prompt.position)} on prompt ${(shownPrompt.value ?? 0) + 1}`}: the
          logits read every node there.
        </p>
      ) : reader.kind === 'mlp' ? (
        <p>{nodeLabel(edge.target)} reads each token where it stands: this edge moves nothing to another token.</p>
      ) : reads ? (
        <CutRows reads={reads} edge={edge} details={details} />
      ) : (
        <WholeRows edge={edge} details={details} />
      )}
    </section>
  );
}

/** The rows of the reader with the edge and without it. Rows that the circuit does not use come last. */
function CutRows({ reads, edge, details }: { reads: EdgeReads; edge: EdgeRecord; details: CircuitDetails }) {
  const { rows, prompt, note } = reads;
  const { nodeLabel, ownData } = useStore();
  const tokens = details.prompts[prompt ?? 0]?.clean ?? [];
  const isUsed = ({ head, query }: AttentionRow): boolean =>
    usedRows(details, ownData.value, head, prompt).includes(query);
  const [first, rest] = rows.some(isUsed) ? [rows.filter(isUsed), rows.filter((row) => !isUsed(row))] : [rows, []];
  const shown = (row: AttentionRow) => (
    <div key={`${row.head} ${row.query}`} class="read-row">
      <p>{readWords(row, tokens, nodeLabel(row.head))}</p>
      <ReadTable row={row} tokens={tokens} />
    </div>
  );
  return (
    <>
      <p class="quiet about">{promptWords(prompt, note)}, attention in the circuit</p>
      {first.map(shown)}
      {rest.length > 0 && (
        <details>
          <summary>{plural(rest.length, 'row')} that the circuit does not use</summary>
          {rest.map(shown)}
        </details>
      )}
      <p class="quiet about">
        The edge alone is cut out of the circuit. It is a part of{' '}
        {edge.port === 'k'
          ? `what ${nodeLabel(edge.target)} finds at a token`
          : `what ${nodeLabel(edge.target)} looks for`}
        .
      </p>
    </>
  );
}

/** The rows of the reader as they are in the whole model. */
function WholeRows({ edge, details }: { edge: EdgeRecord; details: CircuitDetails }) {
  const { data, nodeLabel, ownData, shownPrompt } = useStore();
  const readers = readersOf(data.value, edge.target);
  // Those of a key/value head that are outside of the circuit do nothing in it.
  const heads = readers.filter(({ id, inCircuit }) => id === edge.target || inCircuit).map(({ id }) => id);
  const shown = attentionOf(details, heads, 'clean', shownPrompt.value);
  if (!shown)
    return <p class="quiet">The details of this circuit do not hold where {nodeLabel(edge.target)} attends.</p>;
  const n = shown.tokens.length;
  const rows = shown.patterns.flatMap((pattern) => {
    const used = usedRows(details, ownData.value, pattern.head, shown.prompt);
    const known = used.length > 0 ? used : [shown.measured ?? n - 1];
    return known.map((query) => ({ pattern, query }));
  });
  return (
    <>
      <p class="quiet about">{promptWords(shown.prompt, shown.note)}, attention in the whole model</p>
      {rows.map(({ pattern, query }) => (
        <div key={`${pattern.head} ${query}`} class="read-row">
          <p>{rowWords(pattern, shown.tokens, query, nodeLabel(pattern.head))}</p>
          <ReadTable
            row={{ query, kept: pattern.weights.subarray(query * n, query * n + query + 1), cut: null }}
            tokens={shown.tokens}
          />
        </div>
      ))}
      {edge.port !== 'v' && (
        <p class="quiet about">What cutting the edge changes of it is not in the details of this circuit.</p>
      )}
    </>
  );
}
