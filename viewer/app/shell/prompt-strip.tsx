import { formatEffect, formatPercent, visibleToken } from '../../view/format.js';
import { stripOf, type PromptStrip as Strip, type StripToken } from '../../view/prompt-strip.js';
import { PromptPicker } from '../cards/prompt-picker.js';
import { useStore } from '../state/use-store.js';

/** The prompt over the drawing: what differs in it, what is predicted after it, and the choice of another one. */
export function PromptStrip() {
  const { current, shownPrompt } = useStore();
  const document = current.value;
  const strip = document && stripOf(document, shownPrompt.value);
  if (!strip) return null;
  return (
    <section class="prompt-strip" aria-label="Prompt" data-testid="prompt-strip">
      <p class="strip-text" tabIndex={0}>
        {strip.tokens.map((token, i) => (
          <Token key={i} token={token} />
        ))}
        {strip.answer && <Answer strip={strip} />}
      </p>
      {document.details && strip.of > 1 && <PromptPicker details={document.details} />}
    </section>
  );
}

/** A token in running text. A blank before it is not marked with it. */
function Token({ token: { text, instead, role, measured } }: { token: StripToken }) {
  const word = text.trimStart();
  const blank = text.slice(0, text.length - word.length);
  const shown = word === '' ? visible(text) : visible(word);
  const marks = [role, measured && 'measured', /^<[^<>\s]+>$/.test(text) && 'quiet'].filter(Boolean).join(' ');
  const name = marks === '' ? undefined : marks;
  const corrupted = instead === null ? null : wordOf(instead);
  return (
    <>
      {word !== '' && visible(blank)}
      {corrupted === null ? (
        <span class={name}>{shown}</span>
      ) : (
        <mark class={name} tabIndex={0} title={`in the corrupted prompt: ${corrupted}`} data-instead={corrupted}>
          {shown}
          <span class="visually-hidden"> (in the corrupted prompt: {corrupted})</span>
        </mark>
      )}
    </>
  );
}

/** Line breaks and tabs are shown, and do what they do. Blanks stay blanks in running text. */
function visible(text: string): string {
  return text.replaceAll('\n', '↵\n').replaceAll('\t', '⇥\t');
}

/** A token without the blanks around it, where it has something else. */
function wordOf(token: string): string {
  return token.trim() === '' ? visibleToken(token) : visible(token.trim());
}

/** A probability that is not 1 is never rounded to it. */
function chanceWords(probability: number): string {
  return probability < 1 && probability > 0.9995 ? '> 99.9 %' : formatPercent(probability);
}

function Answer({ strip: { answer, logitDifference } }: { strip: Strip }) {
  const { text, others, probability } = answer!;
  return (
    <span class="strip-answer">
      <span aria-hidden="true"> → </span>
      <span class="visually-hidden">, answer: </span>
      <b class="answer">{wordOf(text)}</b>
      {others > 0 && <span class="quiet"> and {others} more</span>}
      {probability !== null && <span class="strip-number"> {chanceWords(probability)}</span>}
      {logitDifference !== null && (
        <span class="quiet" title="Mean logit of the right answers minus that of the wrong ones">
          {' '}
          logit difference <span class="strip-number">{formatEffect(logitDifference)}</span>
        </span>
      )}
    </span>
  );
}
