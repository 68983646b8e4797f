import { finiteOrNull } from '../base/finite-or-null.js';
import { createCircuit, type Circuit, type Provenance } from '../circuit/circuit.js';
import type { AcdcResult } from '../discover/acdc.js';
import { faithfulness } from '../evaluate/faithfulness.js';
import { VERSION } from '../version.js';
import { runIdentity } from './identity.js';
import type { SearchOptions } from './options.js';
import type { SearchSetting, SearchStart } from './search-setting.js';

export const SIGN_CONVENTION =
  'effect = metric without the edge - metric with it, metric in loss form: positive = the edge helps';
const RECEIVER_ORDER = 'receivers from the logits back, senders from the nearest layer back';

/** What a search found, with its provenance. @param empty metric of the empty circuit. @param from where it started. */
export function foundCircuit(
  setting: SearchSetting,
  options: SearchOptions,
  result: AcdcResult,
  empty: number,
  from: SearchStart | undefined,
): Circuit {
  const { evaluator, caches, model, task, adapter, tile } = setting;
  const { topology } = evaluator;
  const effects = new Float64Array(topology.edgeCount).fill(Number.NaN);
  const steps = new Int32Array(topology.edgeCount).fill(-1);
  let minMargin: Provenance['minMargin'] = null;
  for (const { step, edge, before, after } of result.steps) {
    effects[edge] = after - before;
    steps[edge] = step;
    const tested = options.absolute ? Math.abs(after - before) : after - before;
    const margin = Math.abs(tested - options.threshold);
    if (minMargin === null || margin < minMargin.margin) minMargin = { margin, edge: topology.edgeName(edge) };
  }
  return createCircuit({
    topology,
    width: model.spec.width,
    kept: result.kept,
    effects,
    steps,
    untestedRemovals: result.untestedRemovals,
    directTested: caches.directEdges,
    provenance: {
      ...runIdentity(model, task, caches, options),
      ...from?.provenance,
      engineVersion: VERSION,
      signConvention: SIGN_CONVENTION,
      order: RECEIVER_ORDER,
      adapter,
      tile,
      metrics: {
        initial: finiteOrNull(result.initial),
        final: finiteOrNull(result.final),
        empty: finiteOrNull(empty),
      },
      faithfulness: faithfulness(result.final, result.initial, empty),
      minMargin: minMargin !== null && Number.isFinite(minMargin.margin) ? minMargin : null,
    },
  });
}
