/** What is written, and which words are sent to a device that holds what was sent before. */
import { expect, test } from 'vitest';
import { createRng } from '../../../../src/base/rng.js';
import { packJob } from '../../../../src/gpu/kernel.js';
import { JobWriter } from '../../../../src/pass/tables/job-writer.js';
import type { JobTable } from '../../../../src/pass/tables/table-layout.js';

const TABLES = 5;
const ROOM = 40 * 3;
const LISTS_AT = TABLES * ROOM;

function send(writer: JobWriter, device: Uint32Array): number {
  let words = 0;
  for (const { at, count } of writer.takeChanges()) {
    device.set(writer.words.subarray(at, at + count), at);
    words += count;
  }
  return words;
}

test('a device that takes the changes holds all words, whatever passes come one after the other', () => {
  const rng = createRng(3);
  const writer = new JobWriter(LISTS_AT, LISTS_AT + 500);
  const device = new Uint32Array(writer.words.length);
  for (let pass = 0; pass < 300; pass++) {
    writer.restart(200);
    for (let t = 0; t < TABLES; t++) {
      const table: JobTable = { jobsAt: t * ROOM, count: 9, rows: 9 };
      const wanted: number[][] = [];
      const lists: number[][] = [];
      writer.begin(table);
      for (let jobs = Math.floor(5 * rng.next()); jobs > 0; jobs--) {
        const values = Array.from({ length: Math.floor(8 * rng.next()) }, () => Math.floor(4 * rng.next()));
        const list = writer.list(values);
        lists.push(values);
        const job = { at: Math.floor(3 * rng.next()), rows_at: list.at, rows: list.count, gain: -1 };
        writer.job(table, 'norm_in_place', job, list.count);
        wanted.push(packJob('norm_in_place', { ...job, gain: 0xffffffff }));
      }
      send(writer, device);
      expect([...device.subarray(t * ROOM, t * ROOM + wanted.flat().length)]).toEqual(wanted.flat());
      expect([table.count, table.rows]).toEqual([wanted.length, Math.max(0, ...lists.map((list) => list.length))]);
      wanted.forEach(([, rowsAt, rows], i) => {
        expect([...device.subarray(rowsAt!, rowsAt! + rows!)]).toEqual(lists[i]);
      });
    }
    expect(device).toEqual(writer.words);
  }
});

test('what a pass has in common with the one before is not sent again', () => {
  const writer = new JobWriter(LISTS_AT, LISTS_AT + 500);
  const device = new Uint32Array(writer.words.length);
  const pass = (last: number): number => {
    writer.restart(100);
    const table: JobTable = { jobsAt: 0, count: 0, rows: 0 };
    const list = writer.list([5, 4, 3, 2, 1]);
    for (let job = 0; job < 20; job++) {
      writer.job(table, 'norm_in_place', { at: job === 19 ? last : job, rows_at: list.at, rows: 5, gain: 0 }, 5);
    }
    return send(writer, device);
  };
  expect(pass(19)).toBeGreaterThan(40);
  expect(pass(19)).toBe(0);
  expect(pass(77)).toBe(1);
  expect(device).toEqual(writer.words);
});

test('all words are sent where nobody knows what the device holds', () => {
  const writer = new JobWriter(LISTS_AT, LISTS_AT + 50);
  writer.list([7, 8, 9]);
  writer.takeChanges();
  writer.changeAll();
  const device = new Uint32Array(writer.words.length).fill(1);
  send(writer, device);
  expect(device).toEqual(writer.words);
});
