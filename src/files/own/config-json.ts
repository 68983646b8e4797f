import { fail, isCount, type JsonObject } from '../../base/json/json-fields.js';
import { isGrouped } from '../../circuit/nodes.js';
import type { TopologyShape } from '../../circuit/topology-shape.js';

/** The shape of the model that a file is for. */
export interface FileConfig extends TopologyShape {
  /** Width of the residual stream; null where the file does not say. */
  readonly width: number | null;
}

/**
 * The shape in the keys of the interchange schema of EAP-IG and MIB, which every format here uses. `n_kv_ports` is
 * ours: key ports of a layer, and value ports, where groups of heads share them. Without it every head has its own.
 */
export function encodeConfig(shape: TopologyShape, width: number | null): JsonObject {
  return {
    n_layers: shape.layers,
    n_heads: shape.heads,
    ...(isGrouped(shape) && { n_kv_ports: shape.kvPorts }),
    parallel_attn_mlp: shape.parallel,
    ...(shape.attentionOnly && { attn_only: true }),
    ...(width === null ? {} : { d_model: width }),
  };
}

/**
 * The shape in those keys. Other keys of the object are left aside.
 *
 * @param field the object's place in the file, for messages.
 * @throws EdgewiseError kind `circuit` that names the key at fault.
 */
export function decodeConfig(json: JsonObject, source: string, field: string): FileConfig {
  const size = (key: string): number => {
    const value = json[key];
    return isCount(value) && value > 0 ? value : fail(source, `${field}.${key}`, value, 'an integer from 1');
  };
  const parallel = json['parallel_attn_mlp'] ?? false;
  if (typeof parallel !== 'boolean') fail(source, `${field}.parallel_attn_mlp`, parallel, 'true or false');
  const attentionOnly = json['attn_only'] ?? false;
  if (typeof attentionOnly !== 'boolean') fail(source, `${field}.attn_only`, attentionOnly, 'true or false');
  const layers = size('n_layers');
  const heads = size('n_heads');
  const kvPorts = json['n_kv_ports'] === undefined ? heads : size('n_kv_ports');
  if (heads % kvPorts !== 0) fail(source, `${field}.n_kv_ports`, kvPorts, `a divisor of n_heads (${heads})`);
  return {
    layers,
    heads,
    ...(kvPorts !== heads && { kvPorts }),
    parallel,
    ...(attentionOnly && { attentionOnly }),
    width: json['d_model'] === undefined ? null : size('d_model'),
  };
}
