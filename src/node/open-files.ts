import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { EdgewiseError } from '../base/errors.js';
import { sha256 } from '../base/sha256.js';
import { readText, type ModelDirectory } from '../checkpoint/byte-source.js';
import type { ModelSpec } from '../model/spec.js';
import { builtinTaskFile, builtinTasks } from '../task/builtin/index.js';
import type { TaskFile } from '../task/load-task.js';
import { createTokenizer, type BosMode, type TaskTokenizer } from '../task/tokenizer.js';
import { statOrUndefined } from './probe.js';

/** A whole file, with an error that says why where it cannot be read. */
export async function readWhole(path: string, kind: 'task' | 'circuit'): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const reasons: Partial<Record<string, string>> = {
      ENOENT: 'there is no such file',
      EISDIR: 'is a folder, expected a file',
      EACCES: 'may not be read',
    };
    const what = reasons[String(code)] ?? `cannot be read (${String(code ?? error)})`;
    throw new EdgewiseError(kind, path, what, { cause: error });
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

/** The task that a command names: a shipped task's name, or a file. */
export async function openTaskFile(argument: string): Promise<TaskFile> {
  if (builtinTasks.has(argument)) return builtinTaskFile(argument);
  if (!/[./\\]/.test(argument) && (await statOrUndefined(argument)) === undefined) {
    const shipped = [...builtinTasks.keys()].join(', ');
    throw new EdgewiseError('task', `task '${argument}'`, `is neither a file nor a shipped task (${shipped})`);
  }
  const bytes = await readWhole(argument, 'task');
  return { name: basename(argument).replace(/\.jsonl?$/i, ''), source: argument, bytes };
}

/** The tokenizer of a model directory, or null where it has none. */
export async function openTokenizer(
  directory: ModelDirectory,
  spec: ModelSpec,
  bos: BosMode,
): Promise<TaskTokenizer | null> {
  const file = await directory.open('tokenizer.json');
  if (!file) return null;
  const text = await readText(file);
  const configFile = await directory.open('tokenizer_config.json');
  const config = configFile ? { text: await readText(configFile), where: configFile.name } : null;
  const { bosTokenId, vocab } = spec;
  return createTokenizer({ text, where: file.name }, config, { bosTokenId, bos, vocab, hash: await sha256(text) });
}
