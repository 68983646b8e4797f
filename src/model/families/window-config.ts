import type { ConfigReader } from '../../checkpoint/config-reader.js';
import { MAX_SIZE } from './decoder-config.js';

interface WindowRule {
  /** Width where sliding_window is absent; null stands for none. */
  readonly absent: number | null;
  /** Whether a layer has a window, where the config has no list of kinds. */
  readonly slides: (layer: number) => boolean;
  /** Whether the list of kinds of layers decides, where there is one. Otherwise it must agree. */
  readonly listDecides: boolean;
}

/** Window of each layer: keys i - window < j <= i are visible. */
export function readWindows(config: ConfigReader, layers: number, rule: WindowRule): (number | null)[] {
  const stated = config.value('sliding_window') !== undefined;
  const size = stated ? (config.optionalSize('sliding_window', MAX_SIZE) ?? null) : rule.absent;
  const byRule = Array.from({ length: layers }, (_, layer) => size !== null && rule.slides(layer));
  const listed = readKinds(config, layers);
  if (listed && !rule.listDecides && listed.some((slides, layer) => slides !== byRule[layer])) {
    config.fail('layer_types', `sliding_attention in layers ${named(byRule)} and full_attention in all others`);
  }
  return (listed ?? byRule).map((slides) => {
    if (!slides) return null;
    return size ?? config.fail('sliding_window', 'an integer from 1, for layer_types has layers with a window');
  });
}

/** Refuses a config that gives any layer a window. */
export function refuseWindows(config: ConfigReader, layers: number): void {
  const rule = { absent: null, slides: () => false, listDecides: false };
  config.fixed(null, ['sliding_window']);
  config.fixed(false, ['use_sliding_window']);
  readWindows(config, layers, rule);
}

/** Of each layer, whether it has a window; undefined where the config has no list. */
function readKinds(config: ConfigReader, layers: number): boolean[] | undefined {
  const list = config.value('layer_types') ?? undefined;
  if (list === undefined) return undefined;
  const kinds: unknown[] = Array.isArray(list) ? list : [];
  if (kinds.length !== layers || kinds.some((kind) => kind !== 'full_attention' && kind !== 'sliding_attention')) {
    config.fail('layer_types', `a list of full_attention or sliding_attention, one for each of ${layers} layers`);
  }
  return kinds.map((kind) => kind === 'sliding_attention');
}

function named(slides: readonly boolean[]): string {
  const layers = slides.flatMap((is, layer) => (is ? [layer] : []));
  return layers.length === 0 ? 'none' : layers.join(', ');
}
