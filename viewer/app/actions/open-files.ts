import { readDropped } from '../../data/dropped-files.js';
import type { Store } from '../state/store.js';
import { openSources } from './open-documents.js';

/** Opens files that the reader chose or dropped. Shows the first circuit. */
export async function openFiles(store: Store, files: readonly File[]): Promise<void> {
  const { loading, sayError } = store;
  if (files.length === 0) return;
  loading.value = true;
  try {
    openSources(store, await readDropped([...files]), true);
  } catch (error) {
    sayError(error);
  } finally {
    loading.value = false;
  }
}
