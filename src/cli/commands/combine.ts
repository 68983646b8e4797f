import { Command, Option } from 'commander';
import { dirname, join } from 'node:path';
import { EdgewiseError } from '../../base/errors.js';
import { sha256 } from '../../base/sha256.js';
import { counted } from '../../base/text.js';
import { combineScores, COMBINATION_NAMES, COMBINATIONS, type CombinationName } from '../../circuit/combine-scores.js';
import { scoredEdges, withSign } from '../../circuit/scores.js';
import { parseScores, writeScoresJson } from '../../files/index.js';
import { writeFileAtomically } from '../../node/atomic-write.js';
import { makeFolder } from '../../node/make-folder.js';
import { readCircuitText } from '../../node/open-files.js';
import { assertOutput } from '../../node/output.js';
import { readIfThere } from '../../node/probe.js';
import { withClaims } from '../folder/claimed-folders.js';
import { SCORES_FILE } from '../folder/result-folder.js';
import { jsonOption, nonEmpty } from '../options/options.js';
import { shellPath } from '../report/shell-word.js';

interface Options {
  readonly how: CombinationName;
  readonly sign?: 'helps' | 'hurts';
  readonly out: string;
  readonly force: boolean;
  readonly json: boolean;
}

export function combineCommand(): Command {
  return new Command('combine')
    .description('Make one file of scores from several of the same edges. Needs no GPU.')
    .argument('<files...>', 'scores in the interchange schema, as attribute, EAP-IG and MIB write them', gathered)
    .addOption(new Option('--how <rule>', 'how').choices(COMBINATION_NAMES).default('mean'))
    .addOption(
      new Option('--sign <meaning>', 'what a positive score means in files that do not say: the edge helps, or hurts')
        .choices(['helps', 'hurts'])
        .default(undefined, 'such files are refused'),
    )
    .addOption(
      new Option('--out <path>', 'where to: a folder, or one file that ends in .json')
        .argParser(nonEmpty)
        .default('runs/combined'),
    )
    .option('--force', 'replace another file', false)
    .addOption(jsonOption().default(false))
    .addHelpText(
      'after',
      `\nRules:\n${COMBINATION_NAMES.map((name) => `  ${name}: ${COMBINATIONS[name].about}`).join('\n')}\n\nExample:\n  edgewise combine a/scores.json b/scores.json --how mean-rank --out ab`,
    )
    .action(combine);
}

function gathered(path: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), nonEmpty(path)];
}

async function combine(paths: readonly string[], { how, sign, out, force, json }: Options): Promise<void> {
  const path = /\.json$/i.test(out) ? out : join(out, SCORES_FILE);
  await assertOutput(path);
  const parts = [];
  for (const name of paths) {
    const text = await readCircuitText(name);
    const scores = parseScores(text, name);
    const signed = scores.positive === null && sign !== undefined ? withSign(scores, sign) : scores;
    parts.push({ name, hash: await sha256(text), scores: signed });
  }
  const scores = combineScores(parts, how);
  const text = writeScoresJson(scores);
  await withClaims([dirname(path)], async () => {
    if (!force && ((await readIfThere(path)) ?? text) !== text) {
      throw new EdgewiseError('usage', path, 'is there already and holds something else; use --force to replace it');
    }
    await makeFolder(dirname(path)).catch(() => undefined); // the write reports what is wrong
    await writeFileAtomically(path, text);
  });
  const scored = scoredEdges(scores);
  if (json) {
    process.stdout.write(`${JSON.stringify({ how, files: paths, scored, file: path })}\n`);
    return;
  }
  process.stdout.write(
    `${counted(paths.length, 'file')} of scores of ${counted(scored, 'edge')}: ${COMBINATIONS[how].about}\nwritten: ${path}\nchoose a circuit: edgewise export ${shellPath(path)} --select top:100 --format json\n`,
  );
}
