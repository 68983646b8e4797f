import { Command, Option } from 'commander';
import { dirname } from 'node:path';
import { EdgewiseError } from '../../base/errors.js';
import { CIRCUIT_WRITERS, fileTopology, parseCircuit, resolveCircuit, type CircuitFormat } from '../../export/index.js';
import { writeFileAtomically } from '../../node/atomic-write.js';
import { checkCircuit, circuitPaths, readCircuitFiles } from '../../node/circuit-files.js';
import { makeFolder } from '../../node/make-folder.js';
import { readCircuitText } from '../../node/open-files.js';
import { embedFiles, viewerPage } from '../../node/viewer-page.js';
import { nonEmpty } from '../options.js';

interface Options {
  readonly format: CircuitFormat | 'html';
  readonly out?: string;
  readonly allEdges: boolean;
}

export function exportCommand(): Command {
  return new Command('export')
    .description('Write a circuit file in another format. Needs neither the model nor a GPU.')
    .argument('<file>', 'circuit.json, or any EAP-IG/MIB file', nonEmpty)
    .addOption(
      new Option('--format <format>', 'what to write; html is the viewer with the circuit in it, as one file')
        .choices([...Object.keys(CIRCUIT_WRITERS), 'html'])
        .makeOptionMandatory(),
    )
    .addOption(new Option('--out <file>', 'where to').argParser(nonEmpty).default(undefined, 'stdout'))
    .option('--all-edges', 'also the edges that the circuit does not keep', false)
    .action(exportCircuit);
}

async function exportCircuit(path: string, options: Options): Promise<void> {
  const text = await textIn(path, options);
  if (options.out === undefined) {
    process.stdout.write(text);
    return;
  }
  await makeFolder(dirname(options.out)).catch(() => undefined); // the write reports what is wrong
  await writeFileAtomically(options.out, text);
  process.stderr.write(`wrote ${options.out}\n`);
}

async function textIn(path: string, { format, allEdges }: Options): Promise<string> {
  if (format === 'html') {
    if (allEdges) throw new EdgewiseError('usage', '--all-edges', 'the page of html holds every edge anyway');
    return viewerWith(path);
  }
  const file = parseCircuit(await readCircuitText(path), path);
  const circuit = resolveCircuit(file, fileTopology(file));
  return CIRCUIT_WRITERS[format](circuit, { allEdges });
}

/** The viewer with the circuit in it, and with the trace and the details where they lie beside it. */
async function viewerWith(path: string): Promise<string> {
  checkCircuit(await readCircuitText(path), path);
  return embedFiles(await viewerPage(), [await readCircuitFiles(await circuitPaths(path))]);
}
