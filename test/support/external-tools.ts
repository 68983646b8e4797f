import { spawnSync } from 'node:child_process';

/** A program outside npm that a test needs. */
export interface ExternalTool {
  readonly missing: boolean;
  /** Skip the test: the tool is missing and this is no CI run, where the test runs and fails with the install hint. */
  readonly skip: boolean;
  /** Standard output; throws with what the tool said where it fails, and with the install hint where it is missing. */
  run(args: readonly string[], input?: string): string;
}

function externalTool(candidates: readonly string[], probe: readonly string[], hint: string): ExternalTool {
  const command = candidates.find((candidate) => spawnSync(candidate, probe).status === 0);
  const missing = command === undefined;
  return {
    missing,
    skip: missing && !process.env['CI'],
    run(args, input = '') {
      if (command === undefined) throw new Error(`${candidates[0]} is not installed: ${hint}`);
      const result = spawnSync(command, args, { input, encoding: 'utf8', maxBuffer: 2 ** 28 });
      if (result.status !== 0) throw new Error(`${command} failed: ${result.stderr}`);
      return result.stdout;
    },
  };
}

export const xmllint = externalTool(['xmllint'], ['--version'], 'apt-get install libxml2-utils');

/** A Python that has networkx: the one on the path, or the system's. */
export const networkx = externalTool(
  ['python3', '/usr/bin/python3'],
  ['-c', 'import networkx'],
  'apt-get install python3-networkx',
);
