import { signal } from '@preact/signals';

export interface Message {
  readonly kind: 'error' | 'info';
  readonly text: string;
}

/** What the banners above the drawing say, the oldest first. */
export const messages = signal<readonly Message[]>([]);

/** What a screen reader says aloud. */
export const spoken = signal('');

/** Messages that are kept when another one comes. */
const KEPT = 3;

/** Shows a message, unless one with the same text is there. */
export function say(kind: Message['kind'], text: string): void {
  if (messages.peek().some((message) => message.text === text)) return;
  messages.value = [...messages.peek().slice(-KEPT), { kind, text }];
}

export function sayError(error: unknown): void {
  say('error', error instanceof Error ? error.message : String(error));
}
