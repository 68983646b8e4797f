/** What a file of a result holds, by its name. */
export type FileRole = 'circuit' | 'trace' | 'details';

/** Names of the files that lie beside a circuit's file. */
export interface Sidecars {
  readonly trace: string;
  readonly details: string;
}

/** `x.json` has `x.trace.jsonl` beside it, and `circuit.json` has `trace.jsonl`. */
export function sidecarsOf(circuitName: string): Sidecars {
  const stem = stemOf(circuitName);
  const prefix = stem === 'circuit' ? '' : `${stem}.`;
  return { trace: `${prefix}trace.jsonl`, details: `${prefix}details.json` };
}

export function roleOf(name: string): FileRole {
  if (/(^|\.)trace\.jsonl$/i.test(name)) return 'trace';
  return /(^|\.)details\.json$/i.test(name) ? 'details' : 'circuit';
}

/** A circuit file's name without its ending. Files of one stem hold the same circuit. */
export function stemOf(circuitName: string): string {
  return circuitName.replace(/\.(json|gexf|graphml|xml)$/i, '');
}

/**
 * What a circuit is called where only its file is known. `circuit.json` and `scores.json` say nothing alone: the name
 * of their folder is put before them.
 */
export function shownName(folder: string, file: string): string {
  return ['circuit', 'scores'].includes(stemOf(file)) && folder !== '' ? `${folder}/${file}` : file;
}

/**
 * What circuits are called, by their paths: the shortest ends of the paths that tell them apart. `runs/a/circuit.json`
 * and `runs/b/circuit.json` are `a/circuit.json` and `b/circuit.json`.
 */
export function shownNames(paths: readonly string[]): string[] {
  const parts = paths.map((path) => path.split('/').filter((part) => part !== ''));
  const names = parts.map((all) => shownName(all.at(-2) ?? '', all.at(-1) ?? ''));
  for (let length = 2; ; length++) {
    const longer = names.flatMap((name, i) =>
      names.indexOf(name) !== names.lastIndexOf(name) && parts[i]!.length >= length ? [i] : [],
    );
    if (longer.length === 0) return distinctNames(names);
    for (const i of longer) names[i] = parts[i]!.slice(-length).join('/');
  }
}

/** The names in order. A name that is there already gets a number: `x.json`, `x.json (2)`. */
export function distinctNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let free = name;
    for (let i = 2; taken.has(free); i++) free = `${name} (${i})`;
    taken.add(free);
    return free;
  });
}
