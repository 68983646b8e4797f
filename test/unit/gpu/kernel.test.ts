import { expect, test } from 'vitest';
import { jobSize, packJob, type JobKernel } from '../../../src/gpu/kernel.js';
import { kernels } from '../../../src/gpu/kernels.gen.js';

test('the words of a job stand in the order of the struct in the WGSL, however they are named', () => {
  expect(packJob('attention_pattern', { rows: 3, rows_at: 2, circuit_head: 1 })).toEqual([1, 2, 3]);
  expect(packJob('matmul_transposed', { adds: 5, dy: 1, end: 4, first: 3, out: 2 })).toEqual([1, 2, 3, 4, 5]);
});

test('a kernel steps from one job to the next by as many words as are packed', () => {
  const withJobs = Object.values(kernels).filter(({ job }) => job.length > 0);
  expect(withJobs.length).toBeGreaterThan(0);
  for (const { name, source } of withJobs) {
    expect(source, name).toContain(`params.jobs_at + ${jobSize(name as JobKernel)}u * index`);
  }
});

test('every kernel that reads words from control describes its job', () => {
  const reading = Object.values(kernels).filter(({ bindings }) => bindings.some(({ name }) => name === 'control'));
  expect(reading.map(({ name, job }) => [name, job.length > 0])).toEqual(reading.map(({ name }) => [name, true]));
});
