import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';

/** What the search for a card reads of a machine. Tests fake it. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The text of a small file; undefined where none can be read. */
  text(path: string): string | undefined;
  /** What a folder holds; nothing where it cannot be read. */
  names(folder: string): readonly string[];
  has(path: string): boolean;
  /** Whether this user may read and write it. */
  opens(path: string): boolean;
}

/** The machine of this process. */
export function thisMachine(): Machine {
  return {
    platform: process.platform,
    environment: process.env,
    text: (path) => attempt(() => readFileSync(path, 'utf8')),
    names: (folder) => attempt(() => readdirSync(folder)) ?? [],
    has: existsSync,
    opens: (path) => attempt(() => (accessSync(path, constants.R_OK | constants.W_OK), true)) ?? false,
  };
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
