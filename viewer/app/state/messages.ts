import { signal } from '@preact/signals';

export interface Message {
  readonly kind: 'error' | 'info';
  readonly text: string;
}

/** Messages that are kept when another one comes. */
const KEPT = 3;

export function createMessages() {
  /** What the banners above the drawing say, the oldest first. */
  const messages = signal<readonly Message[]>([]);

  /** What a screen reader says aloud. */
  const spoken = signal('');

  /** Shows a message, unless one with the same text is there. */
  function say(kind: Message['kind'], text: string): void {
    if (messages.peek().some((message) => message.text === text)) return;
    messages.value = [...messages.peek().slice(-KEPT), { kind, text }];
  }

  function sayError(error: unknown): void {
    say('error', error instanceof Error ? error.message : String(error));
  }

  return { messages, spoken, say, sayError };
}
