import { visibleToken } from '../../view/format.js';

/** The text of a token. Spaces and line breaks that would be drawn as nothing are visible. */
export function Token({ text, class: name, title }: { text: string; class?: string; title?: string }) {
  return (
    <span class={name === undefined ? 'token' : `token ${name}`} title={title ?? JSON.stringify(text)}>
      {visibleToken(text)}
    </span>
  );
}
