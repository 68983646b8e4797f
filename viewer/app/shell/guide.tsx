import { useState } from 'preact/hooks';
import { useStore } from '../state/use-store.js';

/** What the page is, in three steps. It stands beside everything else, and waits for nothing. */
const STEPS = [
  [
    'The question',
    'The line over the drawing is a prompt and the answer to it. Marked words are others in the corrupted prompt, in which the answer is wrong.',
  ],
  [
    'The circuit',
    'The drawing shows the edges between heads and MLPs that the answer needs. The slider leaves the strongest of them.',
  ],
  [
    'The answer',
    'Click a node or an edge: its card says what is known of it. Ctrl-click pins, Ctrl-Z takes back, the question mark lists all keys.',
  ],
] as const;

export function Guide() {
  const { guideOpen, current } = useStore();
  const [step, setStep] = useState(0);
  if (!guideOpen.value || !current.value) return null;
  const [title, text] = STEPS[step]!;
  const isLast = step === STEPS.length - 1;
  return (
    <section class="guide" aria-label="First steps">
      <p aria-live="polite">
        <b>
          {step + 1} of {STEPS.length}: {title}.
        </b>{' '}
        {text}
      </p>
      <div class="answers">
        {step > 0 && (
          <button type="button" class="button text" onClick={() => setStep(step - 1)}>
            Back
          </button>
        )}
        {!isLast && (
          <button type="button" class="button text primary" onClick={() => setStep(step + 1)}>
            Next
          </button>
        )}
        <button type="button" class="button text" onClick={() => (guideOpen.value = false)}>
          {isLast ? 'Done' : 'Do not show again'}
        </button>
      </div>
    </section>
  );
}
