// The program of the worker that reads tasks. open-task-reader.ts starts it, and ends it where a text takes too long.
import { parentPort, workerData } from 'node:worker_threads';
import { memoryDirectory } from '../../checkpoint/byte-source.js';
import { taskReader } from '../../run/task-reader.js';
import {
  sentError,
  sentFacts,
  sentReport,
  type Answer,
  type Question,
  type Sent,
  type WorkerStart,
} from './messages.js';
import { watchInto } from './shared-watch.js';

const { directory, files, spec, bos, watch } = workerData as WorkerStart;
const port = parentPort!;

async function answer(make: () => Promise<Sent>): Promise<void> {
  let made: Answer<Sent>;
  try {
    made = { value: await make() };
  } catch (error) {
    made = { error: sentError(error) };
  }
  port.postMessage(made);
}

const opened = taskReader(memoryDirectory(directory, files), spec, bos, watchInto(watch));
await answer(async () => {
  const { tokenizer, refused } = await opened;
  return { tokenizer: tokenizer && sentFacts(tokenizer), refused: refused && sentError(refused) };
});
port.on('message', ({ kind, file, options }: Question) => {
  void answer(async () => {
    const reader = await opened;
    return kind === 'read' ? reader.read(file, options) : sentReport(await reader.check(file, options));
  });
});
