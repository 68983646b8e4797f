import { Command, Option } from 'commander';
import { dirname } from 'node:path';
import { CIRCUIT_WRITERS, fileTopology, parseCircuit, resolveCircuit, type CircuitFormat } from '../../export/index.js';
import { writeFileAtomically } from '../../node/atomic-write.js';
import { makeFolder } from '../../node/make-folder.js';
import { readCircuitText } from '../../node/open-files.js';
import { nonEmpty } from '../options.js';

interface Options {
  readonly format: CircuitFormat;
  readonly out?: string;
  readonly allEdges: boolean;
}

export function exportCommand(): Command {
  return new Command('export')
    .description('Write a circuit file in another format. Needs neither the model nor a GPU.')
    .argument('<file>', 'circuit.json, or any EAP-IG/MIB file', nonEmpty)
    .addOption(
      new Option('--format <format>', 'what to write').choices(Object.keys(CIRCUIT_WRITERS)).makeOptionMandatory(),
    )
    .addOption(new Option('--out <file>', 'where to').argParser(nonEmpty).default(undefined, 'stdout'))
    .option('--all-edges', 'also the edges that the circuit does not keep', false)
    .action(exportCircuit);
}

async function exportCircuit(path: string, options: Options): Promise<void> {
  const file = parseCircuit(await readCircuitText(path), path);
  const circuit = resolveCircuit(file, fileTopology(file));
  const text = CIRCUIT_WRITERS[options.format](circuit, { allEdges: options.allEdges });
  if (options.out === undefined) {
    process.stdout.write(text);
    return;
  }
  await makeFolder(dirname(options.out)).catch(() => undefined); // the write reports what is wrong
  await writeFileAtomically(options.out, text);
  process.stderr.write(`wrote ${options.out}\n`);
}
