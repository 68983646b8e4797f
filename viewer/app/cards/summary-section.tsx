import type { CircuitDocument } from '../../data/document.js';
import { sentencesMarkdown, type Noun, type Sentence } from '../../view/sentences.js';
import { comparisonSummary, summaryOf } from '../../view/summary.js';
import { choose } from '../actions/choose.js';
import { useLight } from './use-light.js';
import { useStore } from '../state/use-store.js';

/** What the circuit is and does, in a few sentences. Their nouns light up what they name. */
export function SummarySection({ document, title }: { document: CircuitDocument; title: string }) {
  const { comparison, ownData, measure, say } = useStore();
  const compared = comparison.value;
  const sentences = compared ? comparisonSummary(compared) : summaryOf(document, ownData.value, measure.value);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(sentencesMarkdown(title, sentences));
      say('info', 'The summary is on the clipboard.');
    } catch {
      say('error', 'The browser does not let the page write to the clipboard.');
    }
  };
  return (
    <section class="summary" aria-label="Summary" data-testid="summary">
      <ul>
        {sentences.map((sentence, i) => (
          <li key={i}>
            <Words of={sentence} />
          </li>
        ))}
      </ul>
      <button type="button" class="button text" onClick={() => void copy()}>
        Copy as Markdown
      </button>
    </section>
  );
}

function Words({ of }: { of: Sentence }) {
  return <>{of.map((part, i) => (typeof part === 'string' ? part : <NounButton key={i} of={part} />))}</>;
}

/** A noun of one node opens its card. A noun of several only lights them up. */
function NounButton({ of: { text, lights } }: { of: Noun }) {
  const store = useStore();
  const handlers = useLight(lights);
  if (lights.length === 0) return <>{text}</>;
  const nodes = lights.filter((name) => store.data.value.nodeById.has(name));
  const [only] = nodes.length === 1 ? nodes : lights;
  return (
    <button
      type="button"
      class="noun"
      {...handlers}
      onClick={() => {
        if (only !== undefined && (nodes.length === 1 || lights.length === 1)) choose(store, only);
      }}
    >
      {text}
    </button>
  );
}
