import type { Recipe } from '../recipe.js';
import { greaterThan } from './greater-than.js';
import { nameMoving } from './name-moving.js';
import { negativeHead } from './negative-head.js';
import { orGate } from './or-gate.js';
import { queriesAlone } from './queries-alone.js';
import { redundantPair } from './redundant-pair.js';

/** Every model whose circuit is known. A further one is a file beside this one and an entry here. */
export const RECIPES: readonly Recipe[] = [nameMoving, greaterThan, queriesAlone, negativeHead, orGate, redundantPair];
