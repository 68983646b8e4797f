import { readDropped } from '../../data/dropped-files.js';
import { sayError } from '../state/messages.js';
import { loading } from '../state/page.js';
import { openSources } from './open-documents.js';

/** Opens files that the reader chose or dropped. Shows the first circuit. */
export async function openFiles(files: readonly File[]): Promise<void> {
  if (files.length === 0) return;
  loading.value = true;
  try {
    openSources(await readDropped([...files]), true);
  } catch (error) {
    sayError(error);
  } finally {
    loading.value = false;
  }
}
