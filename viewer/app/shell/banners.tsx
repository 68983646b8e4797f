import { hasSigns, suggestSign } from '../../data/sign.js';
import { Icon } from '../controls/icons.js';
import { useStore } from '../state/use-store.js';

/** Messages and questions above the drawing. */
export function Banners() {
  const { incomparable, messages, scene } = useStore();
  const notice = scene.value.notice;
  return (
    <div class="banners">
      {messages.value.map((message) => (
        <div key={message.text} class={`banner ${message.kind}`} role={message.kind === 'error' ? 'alert' : 'status'}>
          <p>{message.text}</p>
          <button
            type="button"
            class="button"
            aria-label="Dismiss"
            title="Dismiss"
            onClick={() => (messages.value = messages.value.filter((one) => one !== message))}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      {incomparable.value !== null && (
        <div class="banner error" role="alert">
          <p>{incomparable.value}</p>
        </div>
      )}
      {notice && (
        <div class="banner info" role="status">
          <p>{notice}</p>
        </div>
      )}
      <SignBanner />
    </div>
  );
}

/** Asks what a positive score means when the file does not say so. */
function SignBanner() {
  const { current, unsigned, signLeftOpen, update, viewField } = useStore();
  const document = unsigned.value;
  if (!document?.circuit || viewField.sign.value !== 'as-stated') return null;
  if (signLeftOpen.value.has(document.name) || !hasSigns(document.circuit)) return null;
  const likely = suggestSign(document.circuit);
  return (
    <div class="banner question" role="region" aria-label="Meaning of the sign">
      <p>
        <strong>
          {document === current.value ? 'This file' : document.name} does not say what a positive score means.
        </strong>{' '}
        {likely && (
          <span class="quiet">
            The sum of the scores of its edges into the logits is{' '}
            {likely === 'positive-helps' ? 'positive' : 'negative'}. What a circuit writes to the logits mostly helps.
          </span>
        )}{' '}
        <span class="quiet">The answer is in the link. Export, “Save view into file” keeps it in the file.</span>
      </p>
      <div class="answers">
        {(['positive-helps', 'negative-helps'] as const).map((sign) => (
          <button
            key={sign}
            type="button"
            class={`button text${sign === likely ? ' primary' : ''}`}
            onClick={() => update({ sign })}
          >
            {sign === 'positive-helps' ? 'Positive helps' : 'Negative helps'}
            {sign === likely ? ' (likely)' : ''}
          </button>
        ))}
        <button
          type="button"
          class="button text"
          onClick={() => (signLeftOpen.value = new Set([...signLeftOpen.value, document.name]))}
        >
          Decide later
        </button>
      </div>
    </div>
  );
}
