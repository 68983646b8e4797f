import { endBySignal } from '../node/end-by-signal.js';

/** Ctrl-C, a plain `kill`, and a terminal that was closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const actions: (() => void)[] = [];

/**
 * Has something done before a signal ends the process: the newest action first.
 *
 * @returns what takes the action back.
 */
export function onInterrupt(action: () => void): () => void {
  if (actions.length === 0) for (const signal of SIGNALS) process.on(signal, interrupted);
  actions.push(action);
  return () => {
    const at = actions.lastIndexOf(action);
    if (at >= 0) actions.splice(at, 1);
    if (actions.length === 0) for (const signal of SIGNALS) process.off(signal, interrupted);
  };
}

function interrupted(signal: NodeJS.Signals): void {
  for (const action of [...actions].reverse()) action();
  endBySignal(signal);
}
