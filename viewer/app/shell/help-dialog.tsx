import { useEffect, useRef } from 'preact/hooks';
import { SEARCH_HELP } from '../../view/search.js';
import { Check } from '../controls/check.js';
import { Icon } from '../controls/icons.js';
import { KEY_HELP, POINTER_HELP } from '../listen/keyboard.js';
import { useStore } from '../state/use-store.js';

/** Keys, pointer and search. The tables are those that the viewer itself works by. */
export function HelpDialog() {
  const { dialog } = useStore();
  const element = useRef<HTMLDialogElement>(null);
  const open = dialog.value === 'help';
  useEffect(() => {
    if (open) element.current?.showModal();
    else element.current?.close();
  }, [open]);
  const close = (): void => {
    if (dialog.peek() === 'help') dialog.value = null;
  };
  return (
    <dialog
      ref={element}
      class="help"
      aria-label="Help"
      onClose={close}
      onClick={(event) => {
        if (event.target === event.currentTarget) close();
      }}
    >
      {open && (
        <div class="help-body">
          <header>
            <h2>Keys and pointer</h2>
            <button type="button" class="button" aria-label="Close" title="Close" onClick={close}>
              <Icon name="close" />
            </button>
          </header>
          <LetterKeys />
          <div class="help-columns">
            <dl>
              {KEY_HELP.map(({ shown, does }) => (
                <Line key={shown} term={shown} text={does} />
              ))}
            </dl>
            <div>
              <dl>
                {POINTER_HELP.map(([term, text]) => (
                  <Line key={term} term={term} text={text} />
                ))}
              </dl>
              <h3>Search</h3>
              <dl>
                {SEARCH_HELP.map(([term, text]) => (
                  <Line key={term} term={term} text={text} />
                ))}
              </dl>
            </div>
          </div>
        </div>
      )}
    </dialog>
  );
}

/** Speech input and keys that are pressed by mistake set off single letters. So they can be switched off. */
function LetterKeys() {
  const { letterKeys } = useStore();
  return (
    <p class="letter-keys">
      <Check checked={letterKeys.value} onChange={(on) => (letterKeys.value = on)}>
        Keys of one character
      </Check>
      <span class="quiet">They act on the drawing: while it has the focus, or nothing has.</span>
    </p>
  );
}

function Line({ term, text }: { term: string; text: string }) {
  return (
    <>
      <dt>
        <kbd>{term}</kbd>
      </dt>
      <dd>{text}</dd>
    </>
  );
}
