import { getSystemErrorMap } from 'node:util';
import { EdgewiseError, type ErrorKind } from '../base/errors.js';

/** Whether an error is one of the operating system: with the call that failed, and its number. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'errno' in error;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EISDIR: 'is a folder, expected a file',
  ENOTEMPTY: 'the folder is not empty',
  EEXIST: 'something of that name is there already',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than is allowed here',
  EMFILE: 'this process has too many files open (ulimit -n)',
  ENFILE: 'this machine has too many files open',
  EAGAIN: 'too many processes run, or there is not enough memory',
  ENOMEM: 'there is not enough memory',
  ELOOP: 'its symbolic links lead in a loop',
  ENAMETOOLONG: 'its name is too long',
  EIO: 'the disk or terminal failed',
  EBUSY: 'it is in use',
  ETXTBSY: 'it is a program that runs',
  ENXIO: 'there is no such device',
  ENODEV: 'there is no such device',
  ESTALE: 'the network file system has lost it',
  ETIMEDOUT: 'the file system does not answer',
  EPIPE: 'its reader is gone',
};

/** An error of the operating system in plain words, in one line, without the path. */
export function systemReason({ code, errno, message }: NodeJS.ErrnoException): string {
  const known = code === undefined ? undefined : REASONS[code];
  if (known !== undefined) return known;
  const [, words] = (errno === undefined ? undefined : getSystemErrorMap().get(errno)) ?? [];
  return words === undefined ? message : `${words} (${code})`;
}

/**
 * The error of the project for one of the operating system. Others are given back as they are.
 *
 * @param what fails, in words that a reason may follow: `cannot be read`.
 */
export function systemFault(kind: ErrorKind, where: string, what: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  return new EdgewiseError(kind, where, `${what}: ${systemReason(error)}`, { cause: error });
}

/** The error of the project for a file that cannot be read. Others are given back as they are. */
export function readFault(kind: ErrorKind, path: string, error: unknown): unknown {
  const refuse = (what: string): EdgewiseError => new EdgewiseError(kind, path, what, { cause: error });
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ERR_FS_FILE_TOO_LARGE') return refuse('is larger than 2 GB, which is more than can be read at once');
  if (code === 'ENOENT' || code === 'EISDIR') return refuse(systemReason(error as NodeJS.ErrnoException));
  return systemFault(kind, path, 'cannot be read', error);
}
