/** What is inside Edgewise. No promise: names and shapes change with any version. */
export type { ByteSource, ModelDirectory } from './checkpoint/byte-source.js';
export { runSelfTest } from './check/self-test.js';
export { Gpu } from './gpu/gpu.js';
export type { Tuning } from './gpu/product/choose-tile.js';
export { measureTuning } from './gpu/product/measure-tuning.js';
export { TILE_NAMES, type TileName } from './gpu/product/tiles.js';
export { openModel, type LoadedModel } from './model/load-model.js';
export type { ModelSpec } from './model/spec.js';
export { gpt2Spec, randomModel } from './model/random-model.js';
export { Engine } from './run/engine.js';
export { checkRun, planFor, runIdentity, topologyOf } from './run/identity.js';
export type { Caches, SearchOptions } from './run/options.js';
export { Search, type SearchStart } from './run/search.js';
export { taskReader, type TaskReader } from './run/task-reader.js';
export { loadTask } from './task/load-task.js';
export { takePrompts } from './task/take-prompts.js';
export { createTokenizer, type TaskTokenizer } from './task/tokenizer.js';
