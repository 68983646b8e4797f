import { Command, Option } from 'commander';
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { EdgewiseError } from '../../base/errors.js';
import { findCircuits, assertViewable, withNames, type CircuitPaths } from '../../node/circuit-files.js';
import { openBrowser } from '../../node/view/open-browser.js';
import { readCircuitText } from '../../node/open-files.js';
import { serveViewer } from '../../node/view/view-server.js';
import { viewerPage } from '../../node/view/viewer-page.js';
import { count } from '../options/options.js';
import { note } from '../report/progress.js';

interface Options {
  readonly port: number;
  readonly open: boolean;
}

/** Where `discover` puts its results. */
const RESULTS = 'runs';

export function viewCommand(): Command {
  return new Command('view')
    .description('Show circuits in the browser. Serves them on this machine only, until Ctrl-C. Needs no GPU.')
    .argument(
      '[path...]',
      `circuit files (JSON, GEXF or GraphML), or folders: all circuits in them, three levels down (default: ${RESULTS})`,
    )
    .addOption(
      new Option('--port <n>', 'where to serve; 0 is any port that is free').argParser(count(0, 65_535)).default(0),
    )
    .option('--no-open', 'print the address only, do not open the browser')
    .action(view);
}

async function view(paths: readonly string[], options: Options): Promise<void> {
  const page = await viewerPage();
  const files = await readable(paths.length > 0 ? await circuitsAt(paths) : await newResults());
  const server = await serveViewer(page, files, options.port);
  const ended = signalToEnd();
  process.stdout.write(`viewer at ${server.url} (Ctrl-C ends it)\n`);
  if (options.open) openBrowser(server.url);
  await ended;
  await server.close();
}

const tell = (what: string): void => note(`note: ${what}`);

/** Each circuit once, however often it is named. */
async function circuitsAt(paths: readonly string[]): Promise<CircuitPaths[]> {
  const found = (await Promise.all(paths.map((path) => findCircuits(path, tell)))).flat();
  return withNames([...new Map(found.map((file) => [file.circuit, file])).values()]);
}

/** The newest first, because it is the one that is shown. */
async function newResults(): Promise<CircuitPaths[]> {
  if (!existsSync(RESULTS)) {
    const what = `there are no results under ${RESULTS}/; name a circuit file, a result folder, or a folder of circuits`;
    throw new EdgewiseError('usage', 'path', what);
  }
  const found = await findCircuits(RESULTS, tell);
  const dated = await Promise.all(found.map(async (file) => ({ file, time: (await stat(file.circuit)).mtimeMs })));
  return dated.sort((a, b) => b.time - a.time).map(({ file }) => file);
}

/** Those that can be shown. One that is broken ends the command where it is alone, and is told of otherwise. */
async function readable(files: readonly CircuitPaths[]): Promise<CircuitPaths[]> {
  const good: CircuitPaths[] = [];
  const errors: EdgewiseError[] = [];
  for (const file of files) {
    try {
      assertViewable(await readCircuitText(file.circuit), file.circuit);
      good.push(file);
    } catch (error) {
      if (!(error instanceof EdgewiseError)) throw error;
      errors.push(error);
    }
  }
  if (good.length === 0) throw errors[0]!;
  for (const { message } of errors) note(`warning: ${message}; left out`);
  return good;
}

function signalToEnd(): Promise<void> {
  // They stay caught, because Ctrl-C may arrive twice: from the terminal and from the parent process.
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
  });
}
