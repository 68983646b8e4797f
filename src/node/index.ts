/** Edgewise in Node: models by name, devices, files, downloads. The engine itself is `edgewise`. */
export { open, type DeviceOptions, type OpenOptions } from './open.js';
export type { DownloadProgress } from './hub/hub.js';
export { writeFileAtomically } from './atomic-write.js';
export { listAdapters, type ListedAdapter } from './adapters.js';
export { openDevice, openDevices, type AdapterOptions, type OpenDevice } from './device.js';
export { openModelDirectory } from './model-directory.js';
export { resolveModel, shippedModels } from './model-location.js';
export { openTaskFile } from './open-files.js';
export { deviceTuning } from './tuning-store.js';
