import { Option, type Command } from 'commander';
import { EdgewiseError } from '../../base/errors.js';
import { BRANCHES } from '../../circuit/nodes.js';
import type { Topology } from '../../circuit/topology.js';
import { MLP_RULES, type MlpRule } from '../../instruments/path-patching.js';
import { runInstrument } from '../instrument-run.js';
import { instrumentCommand, instrumentMetric, type InstrumentFlags } from '../options/instrument-options.js';
import { nonEmpty } from '../options/options.js';
import { required } from '../session.js';

interface Flags extends InstrumentFlags {
  readonly senders?: string;
  readonly receivers?: string;
  readonly mlps: MlpRule;
}

export function patchPathCommand(): Command {
  return instrumentCommand(
    'patch-path',
    'What goes from some nodes to some others: path patching (Wang et al. 2022).',
    [
      new Option('--senders <nodes>', 'nodes whose outputs are those of the corrupted run: a0.h1,m0').argParser(
        nonEmpty,
      ),
      new Option(
        '--receivers <ports>',
        'what reads them: a3.h0<q>,m2,logits; a head without <> is its q, k and v',
      ).argParser(nonEmpty),
      new Option('--mlps <rule>', 'MLPs on the way: free, computed anew, or frozen at the clean run')
        .choices(MLP_RULES)
        .default('free' satisfies MlpRule),
      instrumentMetric(),
    ],
  )
    .addHelpText(
      'after',
      '\nReceivers read what they would read if the senders gave their outputs on the\ncorrupted prompt and every other head its own on the clean one. 1 = as much of\nthe metric is lost as between the clean and the corrupted run.\n\nExample:\n  edgewise patch-path --model tasks-4l --task ioi --prompts 16 \\\n    --senders a1.h0 --receivers "a2.h0<q>,logits"',
    )
    .action(patchPath);
}

async function patchPath(flags: Flags): Promise<void> {
  const senders = required(flags.senders, '--senders');
  const receivers = required(flags.receivers, '--receivers');
  const metric = flags.metric ?? 'logit-diff';
  await runInstrument(flags, metric, 'path patching', async ({ task, topology }) => {
    const request = {
      senders: writersOf(topology, senders),
      receivers: portsOf(topology, receivers),
      mlps: flags.mlps,
      metric,
    };
    return (instruments, onProgress) => instruments.patchPath(task, request, onProgress);
  });
}

const namesOf = (list: string): string[] => [...new Set(list.split(',').map((name) => name.trim()))];

function writersOf(topology: Topology, list: string): number[] {
  const all = new Map(topology.writers.map((_, writer) => [topology.writerName(writer), writer]));
  return namesOf(list).map((name) => all.get(name) ?? refuse('--senders', name, 'a0.h0, m0 or input'));
}

/** A head's name stands for its three ports. */
function portsOf(topology: Topology, list: string): number[] {
  const all = new Map(topology.ports.map((_, port) => [topology.portName(port), port]));
  const found = namesOf(list).flatMap((name) => {
    const one = all.get(name);
    if (one !== undefined) return [one];
    const ofHead = BRANCHES.flatMap((branch) => all.get(`${name}<${branch}>`) ?? []);
    return ofHead.length > 0 ? ofHead : [refuse('--receivers', name, 'a1.h0<q>, a1.h0, m1 or logits')];
  });
  return [...new Set(found)];
}

function refuse(option: string, name: string, like: string): never {
  throw new EdgewiseError('usage', option, `the model has no ${name}; expected names as in ${like}`);
}
