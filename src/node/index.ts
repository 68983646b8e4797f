/** What Edgewise needs of Node: devices, files, downloads. The engine itself is `edgewise`. */
export { writeFileAtomically } from './atomic-write.js';
export { openDevice, type OpenDevice } from './device.js';
export { openModelDirectory } from './model-directory.js';
export { resolveModel, shippedModels, type ModelLocation } from './model-location.js';
export { openTaskFile, openTokenizer } from './open-files.js';
export { deviceTuning } from './tuning-store.js';
