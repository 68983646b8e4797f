/** Kinds of files that people take for a task, by how they begin, with what to do about them. */
const KINDS: readonly (readonly [begins: string, what: string])[] = [
  [
    'PK\x03\x04',
    'is a zip archive (an Excel workbook, a PyTorch or a NumPy file); write its rows as CSV or JSON lines',
  ],
  ['\x1f\x8b', 'is compressed with gzip; unpack it first'],
  ['\x28\xb5\x2f\xfd', 'is compressed with zstd; unpack it first'],
  ['BZh', 'is compressed with bzip2; unpack it first'],
  ['ARROW1', 'is an Arrow file; write it as parquet (dataset.to_parquet)'],
  ['\xff\xff\xff\xff', 'is an Arrow stream; write it as parquet (dataset.to_parquet)'],
  ['\x80\x02', 'is a Python pickle; write its rows as JSON lines'],
  ['\x80\x03', 'is a Python pickle; write its rows as JSON lines'],
  ['\x80\x04', 'is a Python pickle; write its rows as JSON lines'],
  ['\x80\x05', 'is a Python pickle; write its rows as JSON lines'],
  ['\x93NUMPY', 'is a NumPy array; write prompts as JSON lines with clean_ids and corrupted_ids'],
  ['SQLite format 3', 'is an SQLite database; write its rows as CSV'],
  ['\x89HDF', 'is an HDF5 file; write its rows as CSV or JSON lines'],
  ['GGUF', 'is a model in GGUF, expected a task'],
  ['version https://git-lfs', 'is a Git LFS pointer in place of the file; fetch it with git lfs pull'],
  ['\xff\xfe', 'is UTF-16 text; write it as UTF-8'],
  ['\xfe\xff', 'is UTF-16 text; write it as UTF-8'],
  ['%PDF', 'is a PDF document'],
  ['<', 'is HTML or XML, perhaps the page about a file in place of the file'],
];

/** What a file that is no task is instead, by its first bytes; undefined where they say nothing. */
export function foreignKind(bytes: Uint8Array): string | undefined {
  return KINDS.find(([begins]) => startsWith(bytes, begins))?.[1];
}

/** Whether a file begins with these characters, each one byte. */
export function startsWith(bytes: Uint8Array, begins: string): boolean {
  return Array.from(begins, (character) => character.charCodeAt(0)).every((code, i) => bytes[i] === code);
}
