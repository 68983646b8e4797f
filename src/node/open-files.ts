import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { EdgewiseError } from '../base/errors.js';
import { builtinTaskFile, builtinTasks } from '../task/builtin/index.js';
import type { TaskFile } from '../task/load-task.js';
import { statOrUndefined } from './probe.js';
import { readFault } from './system-error.js';

/** A whole file, with an error that says why where it cannot be read. */
export async function readWhole(path: string, kind: 'task' | 'circuit'): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    throw readFault(kind, path, error);
  }
}

/** A circuit file's text. */
export async function readCircuitText(path: string): Promise<string> {
  const bytes = await readWhole(path, 'circuit');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new EdgewiseError('circuit', path, 'is not UTF-8 text', { cause });
  }
}

/** The task that a command names: a shipped task's name, a file, or - for standard input. */
export async function openTaskFile(argument: string): Promise<TaskFile> {
  if (argument === '-') return { name: 'stdin', source: 'standard input', bytes: await readStandardInput() };
  if (builtinTasks.has(argument)) return builtinTaskFile(argument);
  if (!/[./\\]/.test(argument) && (await statOrUndefined(argument)) === undefined) {
    const shipped = [...builtinTasks.keys()].join(', ');
    throw new EdgewiseError('task', `task '${argument}'`, `is neither a file nor a shipped task (${shipped})`);
  }
  const bytes = await readWhole(argument, 'task');
  return { name: basename(argument).replace(TASK_ENDING, ''), source: argument, bytes };
}

/** Endings of task files; the name of a task is without. */
const TASK_ENDING = /\.(jsonl?|ndjson|csv|tsv|parquet)$/i;

async function readStandardInput(): Promise<Uint8Array<ArrayBuffer>> {
  if (process.stdin.isTTY) throw new EdgewiseError('task', 'standard input', 'is a terminal, expected a file piped in');
  const parts: Uint8Array[] = [];
  for await (const part of process.stdin) parts.push(part as Uint8Array);
  return new Uint8Array(Buffer.concat(parts));
}
