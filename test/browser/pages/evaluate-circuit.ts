import { openInPage, parseCircuit, resolveCircuit, type Evaluation } from '../../../src/index.js';

export interface Input {
  /** Folder of a model, and files, by their paths on the server. */
  readonly model: string;
  readonly task: string;
  readonly prompts: number;
  readonly circuit: string;
}

async function bytesAt(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Evaluates a circuit in this tab, as test/browser/engine.test.ts does it in Node. */
export async function run(input: Input): Promise<Evaluation> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const name of ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']) {
    files.set(name, await bytesAt(`${input.model}/${name}`));
  }
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error('no adapter');
  const device = await adapter.requestDevice();
  const edgewise = await openInPage({ device, files });
  try {
    const file = { name: 'task', source: input.task, bytes: await bytesAt(input.task) };
    const task = await edgewise.task(file, { prompts: input.prompts, answers: 'first-token' });
    const circuit = parseCircuit(new TextDecoder().decode(await bytesAt(input.circuit)), input.circuit);
    return await edgewise.evaluate(task, resolveCircuit(circuit, edgewise.engine.topology));
  } finally {
    await edgewise.close();
    device.destroy();
  }
}
