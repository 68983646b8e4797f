import { isSoftware, nameOf, NOT_TOLD_APART, type ListedAdapter } from '../../node/adapters.js';
import { byteSize, table, whole } from './text-report.js';

/** Limits of an adapter that decide how a model is run. */
const LIMITS = [
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
] as const;

/** The adapters of this machine, for machines. */
export function adaptersJson(listed: readonly ListedAdapter[]): string {
  const adapters = listed.map(({ number, name, adapter, request }) => ({
    number,
    name,
    kind: kindOf(adapter),
    adapter: nameOf(adapter),
    driver: adapter.info.description,
    default: number === 0,
    opens: request !== undefined,
    limits: Object.fromEntries(LIMITS.map((limit) => [limit, adapter.limits[limit]])),
    subgroups: adapter.features.has('subgroups'),
  }));
  return `${JSON.stringify({ adapters })}\n`;
}

/** The same for people. */
export function adaptersText(listed: readonly ListedAdapter[]): string {
  if (listed.length === 0) return 'no adapter\n';
  const rows = listed.map(({ number, name, adapter }) => [
    String(number),
    name,
    kindOf(adapter),
    adapter.info.description,
    `bindings of ${byteSize(adapter.limits.maxStorageBufferBindingSize)}`,
    `${whole(adapter.limits.maxComputeInvocationsPerWorkgroup)} invocations with ${byteSize(adapter.limits.maxComputeWorkgroupStorageSize)}`,
    adapter.features.has('subgroups') ? 'subgroups' : '',
    number === 0 ? 'default' : '',
  ]);
  const hidden = listed
    .filter(({ request }) => request === undefined)
    .map(({ number }) => `adapter ${number} ${NOT_TOLD_APART}`);
  return `${[...table(rows), ...hidden].join('\n')}\n`;
}

function kindOf(adapter: GPUAdapter): 'software' | 'card' {
  return isSoftware(adapter) ? 'software' : 'card';
}
