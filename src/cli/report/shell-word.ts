/** What no shell reads as anything else. A tilde, a blank, a quote or a dollar sign is not among them. */
const PLAIN = /^[\p{L}\p{N}_@%+:,./][\p{L}\p{N}_@%+=:,./-]*$/u;
/** Characters that a terminal does not show as themselves. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/**
 * A path as one word of a command that is printed, so that it can be copied into a shell. A dash in front would make it
 * an option.
 */
export function shellPath(path: string, platform: NodeJS.Platform = process.platform): string {
  return shellWord(path.startsWith('-') ? `./${path}` : path, platform);
}

/** A text as one word of a command. */
export function shellWord(text: string, platform: NodeJS.Platform = process.platform): string {
  // cmd.exe and PowerShell: a path cannot hold a double quote there.
  if (platform === 'win32') return /^[\w:\\./-]+$/.test(text) ? text : `"${text}"`;
  if (PLAIN.test(text)) return text;
  if (!UNSEEN.test(text)) return `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const escaped = Array.from(text, (one) => (UNSEEN.test(one) ? escape(one) : one.replace(/['\\]/, '\\$&')));
  return `$'${escaped.join('')}'`;
}

/** In the quotes $'...' of bash and zsh. */
function escape(character: string): string {
  return `\\U${character.codePointAt(0)!.toString(16).padStart(8, '0')}`;
}
