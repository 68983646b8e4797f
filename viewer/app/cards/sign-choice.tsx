import type { CircuitDocument } from '../../data/document.js';
import { hasSigns, suggestSign } from '../../data/sign.js';
import type { ViewState } from '../../view/view-state.js';
import { useStore } from '../state/use-store.js';

/** The meaning of a positive score, where the file does not state it: the reader chooses it. */
export function SignChoice({ document }: { document: CircuitDocument }) {
  const { update, viewField } = useStore();
  if (document.signStated || !hasSigns(document.circuit)) return null;
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
        value={viewField.sign.value}
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
