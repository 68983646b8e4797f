/**
 * Property tests draw the same values on every run, so that a green commit stays green: `EDGEWISE_SEED=N` draws others,
 * and `npm run fuzz` draws without end.
 */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.EDGEWISE_SEED ?? 1) });
